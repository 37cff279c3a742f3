//! The commands that write a text and run nothing.

use std::path::Path;

use clap::CommandFactory;
use diagnostics::{Explanation, nearest};
use terminal::{Failure, fail, fail_with_near, print, reason};
use ulm_isa::Isa;

use crate::arguments::{Arguments, Command, GrammarFormat, IsaCommand, ManualFormat};
use crate::program;

/// Every code's page, a list for each crate.
const EXPLANATIONS: [&[Explanation]; 3] = [
    ulmas::EXPLANATIONS,
    ulm_isa::EXPLANATIONS,
    ulm_machine::EXPLANATIONS,
];

/// Executes a subcommand.
pub(crate) fn execute(command: Command) -> Result<(), Failure> {
    match command {
        Command::Disasm { image, isa } => disassemble(&image, isa.as_deref()),
        Command::Isa { isa, command } => {
            let custom = program::load_isa(isa.as_deref())?;
            describe(custom.as_ref().unwrap_or_else(|| Isa::ulm()), &command)
        }
        Command::Explain { code } => {
            terminal::explain(&EXPLANATIONS, code.as_deref(), "ulm explain")
        }
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "ulm", &mut text);
            print(text)
        }
        Command::Man { command } => man(command.as_deref()),
    }
}

fn disassemble(image: &Path, isa: Option<&Path>) -> Result<(), Failure> {
    let custom = program::load_isa(isa)?;
    let image = program::load_image(image)?;
    print(ulmas::disassemble(
        custom.as_ref().unwrap_or_else(|| Isa::ulm()),
        &image,
    ))
}

fn describe(isa: &Isa, command: &IsaCommand) -> Result<(), Failure> {
    print(match command {
        IsaCommand::Show { mnemonic } => isa.show(mnemonic).ok_or_else(|| {
            fail_with_near(
                &format!("there is no instruction `{mnemonic}`"),
                nearest(mnemonic, isa.mnemonics()),
            )
        })?,
        IsaCommand::Manual { format } => match format {
            ManualFormat::Md => isa.manual_markdown(),
            ManualFormat::Html => isa.manual_html(),
        },
        IsaCommand::Grammar { format } => match format {
            GrammarFormat::Vim => isa.vim_syntax(),
            GrammarFormat::Textmate => isa.textmate_grammar(),
        },
    })
}

fn man(command: Option<&str>) -> Result<(), Failure> {
    let mut whole = Arguments::command();
    whole.build();
    let page = match command {
        None => Some(whole),
        Some(name) => whole.find_subcommand(name).cloned(),
    };
    let page = page.ok_or_else(|| fail("there is no such command"))?;
    let mut text = Vec::new();
    clap_mangen::Man::new(page)
        .render(&mut text)
        .map_err(|error| fail(&reason(&error)))?;
    print(text)
}
