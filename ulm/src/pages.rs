//! The commands that write a text and run nothing.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use clap::CommandFactory;
use diagnostics::{Explanation, find_explanation, nearest};
use ulm_isa::Isa;

use crate::arguments::{Arguments, Command, GrammarFormat, IsaCommand, ManualFormat};
use crate::message::{reason, say_error, say_help};
use crate::program::{self, LoadError};
use crate::status;

/// Every code's page, a list for each crate.
const EXPLANATIONS: [&[Explanation]; 3] = [
    ulmas::EXPLANATIONS,
    ulm_isa::EXPLANATIONS,
    ulm_machine::EXPLANATIONS,
];

/// Executes a subcommand and gives the exit status.
pub(crate) fn execute(command: Command) -> u8 {
    match command {
        Command::Disasm { image, isa } => loaded(disassemble(&image, isa.as_deref())),
        Command::Isa { isa, command } => match program::load_isa(isa.as_deref()) {
            Ok(custom) => describe(custom.as_ref().unwrap_or_else(|| Isa::ulm()), &command),
            Err(error) => failed(&error),
        },
        Command::Explain { code: Some(code) } => explain(&code),
        Command::Explain { code: None } => write(&list_of_codes()),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "ulm", &mut text);
            write_bytes(&text)
        }
        Command::Man { command } => man(command.as_deref()),
    }
}

fn disassemble(image: &Path, isa: Option<&Path>) -> Result<String, LoadError> {
    let custom = program::load_isa(isa)?;
    let image = program::load_image(image)?;
    Ok(ulmas::disassemble(
        custom.as_ref().unwrap_or_else(|| Isa::ulm()),
        &image,
    ))
}

fn describe(isa: &Isa, command: &IsaCommand) -> u8 {
    match command {
        IsaCommand::Show { mnemonic } => match isa.show(mnemonic) {
            Some(text) => write(&text),
            None => unknown(
                &format!("there is no instruction `{mnemonic}`"),
                nearest(mnemonic, isa.mnemonics()),
            ),
        },
        IsaCommand::Manual { format } => write(&match format {
            ManualFormat::Md => isa.manual_markdown(),
            ManualFormat::Html => isa.manual_html(),
        }),
        IsaCommand::Grammar { format } => write(&match format {
            GrammarFormat::Vim => isa.vim_syntax(),
            GrammarFormat::Textmate => isa.textmate_grammar(),
        }),
    }
}

fn explain(code: &str) -> u8 {
    let page = EXPLANATIONS
        .iter()
        .find_map(|pages| find_explanation(pages, code));
    if let Some(page) = page {
        return write(&format!(
            "{}: {}\n\n{}\n",
            page.code,
            page.title,
            page.text.trim()
        ));
    }
    let code = code.to_uppercase();
    let codes = EXPLANATIONS.iter().copied().flatten().map(|page| page.code);
    // Codes differ in a digit or two: those that share the beginning are near.
    let mut beginning = code.chars();
    beginning.next_back();
    let beginning = beginning.as_str();
    let near = codes
        .clone()
        .find(|known| beginning.len() >= 2 && known.starts_with(beginning))
        .or_else(|| nearest(&code, codes));
    unknown(
        &format!("there is no code `{code}`; `ulm explain` lists all codes"),
        near,
    )
}

fn list_of_codes() -> String {
    let mut text = String::new();
    for page in EXPLANATIONS.iter().copied().flatten() {
        _ = writeln!(text, "{}  {}", page.code, page.title);
    }
    text
}

fn man(command: Option<&str>) -> u8 {
    let mut whole = Arguments::command();
    whole.build();
    let page = match command {
        None => Some(whole),
        Some(name) => whole.find_subcommand(name).cloned(),
    };
    let Some(page) = page else {
        return unknown("there is no such command", None);
    };
    let mut text = Vec::new();
    match clap_mangen::Man::new(page).render(&mut text) {
        Ok(()) => write_bytes(&text),
        Err(error) => {
            say_error(&reason(&error));
            status::SOURCE
        }
    }
}

/// Says that there is no page of this name.
fn unknown(message: &str, near: Option<&str>) -> u8 {
    say_error(message);
    if let Some(near) = near {
        say_help(&format!("did you mean `{near}`?"));
    }
    status::SOURCE
}

fn loaded(text: Result<String, LoadError>) -> u8 {
    match text {
        Ok(text) => write(&text),
        Err(error) => failed(&error),
    }
}

fn failed(error: &LoadError) -> u8 {
    error.say();
    error.status()
}

fn write(text: &str) -> u8 {
    write_bytes(text.as_bytes())
}

/// Writes to stdout; gives the exit status of that.
fn write_bytes(text: &[u8]) -> u8 {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Ok(()) => 0,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => status::READER_GONE,
        Err(error) => {
            say_error(&format!("can't write to stdout: {}", reason(&error)));
            status::SOURCE
        }
    }
}
