//! The command line of `ulmas`: what it takes, and writing the image.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};
use diagnostics::Sources;
use terminal::{Failure, fail, print, reason, status};
use ulm_isa::Isa;
use ulmas::image::Image;

use crate::write_behind::write_behind;

/// The ULM assembler
#[derive(Debug, Parser)]
#[command(
    name = "ulmas",
    version,
    about = "Assembles ULM programs",
    subcommand_negates_reqs = true,
    args_conflicts_with_subcommands = true,
    after_help = "Example:\n  ulmas -o hello hello.s    write an executable image\n  ulmas main.s lib.s        join two files to a.out\n  ulmas explain U0104       what a message means"
)]
struct Arguments {
    #[command(flatten)]
    assemble: AssembleArguments,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Args)]
struct AssembleArguments {
    /// Where the image goes
    #[arg(short, value_name = "OUT", default_value = "a.out")]
    output: PathBuf,
    /// Assemble for the machine that this file describes
    #[arg(long, value_name = "FILE")]
    isa: Option<PathBuf>,
    /// Also print a listing: addresses, bytes, decoded instructions
    #[arg(long)]
    list: bool,
    /// The source files; `-` is the standard input
    #[arg(value_name = "INPUT.s", required = true)]
    inputs: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Explain a message by its code, with a wrong and a right example
    #[command(after_help = "Example:\n  ulmas explain U0104")]
    Explain {
        /// The code, like U0104; without it, all codes are listed
        code: Option<String>,
    },
    /// Print a completion script
    #[command(hide = true)]
    Completions {
        /// The shell that it is for
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(hide = true)]
    Man,
}

/// Does what the command line says.
pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        None => assemble(&arguments.assemble),
        Some(Command::Explain { code }) => {
            let pages = [ulmas::EXPLANATIONS, ulm_isa::EXPLANATIONS];
            terminal::explain(&pages, code.as_deref(), "ulmas explain")
        }
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "ulmas", &mut script);
            print(&script)
        }
        Some(Command::Man) => {
            let mut page = Vec::new();
            match clap_mangen::Man::new(Arguments::command()).render(&mut page) {
                Ok(()) => print(&page),
                Err(error) => Err(fail(&reason(&error))),
            }
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(status)) => ExitCode::from(status),
    }
}

/// The image must not replace its own source, as in `ulmas -o hello.s hello.s`.
fn check_output(arguments: &AssembleArguments) -> Result<(), Failure> {
    let Ok(output) = arguments.output.canonicalize() else {
        // It does not exist yet.
        return Ok(());
    };
    let is_same = |path: &&PathBuf| path.canonicalize().is_ok_and(|path| path == output);
    let sources = arguments.inputs.iter().chain(&arguments.isa);
    match sources.into_iter().find(is_same) {
        Some(path) if output.is_file() => {
            let path = path.display();
            terminal::say_error(&format!("the output would replace the input `{path}`"));
            Err(Failure(status::MISUSED))
        }
        _ => Ok(()),
    }
}

fn assemble(arguments: &AssembleArguments) -> Result<(), Failure> {
    check_output(arguments)?;
    let loaded = match arguments.isa.as_deref().map(terminal::load_isa) {
        None => None,
        Some(Ok(isa)) => Some(isa),
        Some(Err(error)) => {
            error.say();
            return Err(Failure(status::FAILED));
        }
    };
    let isa = loaded.as_ref().unwrap_or_else(|| Isa::ulm());
    let mut sources = Sources::new();
    let files = arguments
        .inputs
        .iter()
        .map(|path| terminal::read_source(&mut sources, path))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| fail(&error.to_string()))?;
    for &file in &files {
        let source = sources.get(file);
        if is_image(&source.text) {
            let name = &source.name;
            return Err(fail(&format!(
                "`{name}` is an image, not source: `ulm {name}` runs it, and `ulm disasm {name}` \
                 gives its source"
            )));
        }
    }
    let assembly = ulmas::assemble(isa, &sources, &files);
    if !assembly.diagnostics.is_empty() {
        terminal::say(&terminal::render_all(&assembly.diagnostics, &sources));
    }
    let Some(image) = assembly.image else {
        return Err(Failure(status::FAILED));
    };
    if let Err(error) = write_executable(&arguments.output, &image) {
        let path = arguments.output.display();
        return Err(fail(&format!("can't write `{path}`: {}", reason(&error))));
    }
    if arguments.list {
        print(ulmas::listing(isa, &image))?;
    }
    Ok(())
}

/// Whether a text begins as images do; in source these lines are comments that nobody writes.
fn is_image(text: &str) -> bool {
    let mut lines = text.lines().skip_while(|line| line.starts_with("#!"));
    lines.next().is_some_and(|line| line.starts_with("#TEXT "))
}

/// Writes an image to a file that can be executed.
fn write_executable(path: &Path, image: &Image) -> std::io::Result<()> {
    let mut file = std::fs::File::create(path)?;
    file.write_all(b"#!/usr/bin/env ulm\n")?;
    write_behind(&file, |take| image.write_pieces(take))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let metadata = std::fs::metadata(path)?;
        if metadata.is_file() {
            let mut permissions = metadata.permissions();
            // Executable for whoever can read it.
            let mode = permissions.mode();
            permissions.set_mode(mode | (mode & 0o444) >> 2);
            std::fs::set_permissions(path, permissions)?;
        }
    }
    Ok(())
}
