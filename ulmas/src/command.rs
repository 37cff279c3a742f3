//! The command line of `ulmas`: reading files, writing the image, printing messages.

use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};
use diagnostics::{Appearance, FileId, Sources};
use ulm_isa::Isa;
use ulmas::image::Image;

/// The command line is wrong.
const MISUSED: u8 = 2;
/// The source has errors, or a file can't be read or written.
const FAILED: u8 = 1;
/// The reader of the output went away.
const BROKEN_PIPE: u8 = 141;

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

/// Why the command ends early; its message has been printed.
struct Failure(u8);

/// Does what the command line says.
pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        None => assemble(&arguments.assemble),
        Some(Command::Explain { code }) => explain(code.as_deref()),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "ulmas", &mut script);
            print(&script)
        }
        Some(Command::Man) => {
            let mut page = Vec::new();
            match clap_mangen::Man::new(Arguments::command()).render(&mut page) {
                Ok(()) => print(&page),
                Err(error) => Err(complain(&error.to_string())),
            }
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(status)) => ExitCode::from(status),
    }
}

/// Prints a message of the command itself.
fn complain(message: &str) -> Failure {
    let mut stderr = anstream::stderr();
    // Nothing can be done about a standard error that is closed.
    let _ = writeln!(stderr, "error: {message}");
    Failure(FAILED)
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Failure(BROKEN_PIPE)),
        Err(error) => Err(complain(&format!("can't write: {error}"))),
    }
}

fn show(text: &str) {
    let mut stderr = anstream::stderr();
    let _ = stderr.write_all(text.as_bytes());
}

/// Colours go where they can be seen; `anstream` takes them away elsewhere.
fn appearance() -> Appearance {
    if std::io::stderr().is_terminal() {
        Appearance::Coloured
    } else {
        Appearance::Plain
    }
}

fn read(sources: &mut Sources, path: &Path) -> Result<FileId, Failure> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        return match std::io::stdin().lock().read_to_end(&mut bytes) {
            Ok(_) => Ok(sources.add_bytes("<stdin>", bytes)),
            Err(error) => Err(complain(&format!("can't read the standard input: {error}"))),
        };
    }
    match std::fs::read(path) {
        Ok(bytes) => Ok(sources.add_bytes(path.display().to_string(), bytes)),
        Err(error) => Err(complain(&format!("can't read {}: {error}", path.display()))),
    }
}

fn load_isa(path: &Path) -> Result<Isa, Failure> {
    let mut sources = Sources::new();
    let file = read(&mut sources, path)?;
    Isa::parse(&sources.get(file).text).map_err(|errors| {
        let errors: Vec<_> = errors
            .iter()
            .map(|error| error.to_diagnostic(file))
            .collect();
        show(&diagnostics::render_all(&errors, &sources, appearance()));
        Failure(FAILED)
    })
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
            complain(&format!("the output would replace the input {path}"));
            Err(Failure(MISUSED))
        }
        _ => Ok(()),
    }
}

fn assemble(arguments: &AssembleArguments) -> Result<(), Failure> {
    check_output(arguments)?;
    let loaded = arguments.isa.as_deref().map(load_isa).transpose()?;
    let isa = loaded.as_ref().unwrap_or_else(|| Isa::ulm());
    let mut sources = Sources::new();
    let files = arguments
        .inputs
        .iter()
        .map(|path| read(&mut sources, path))
        .collect::<Result<Vec<_>, _>>()?;
    let assembly = ulmas::assemble(isa, &sources, &files);
    if !assembly.diagnostics.is_empty() {
        show(&diagnostics::render_all(
            &assembly.diagnostics,
            &sources,
            appearance(),
        ));
    }
    let Some(image) = assembly.image else {
        return Err(Failure(FAILED));
    };
    if let Err(error) = write_executable(&arguments.output, &image) {
        let path = arguments.output.display();
        return Err(complain(&format!("can't write {path}: {error}")));
    }
    if arguments.list {
        print(ulmas::listing(isa, &image).as_bytes())?;
    }
    Ok(())
}

/// Writes an image to a file that can be executed.
fn write_executable(path: &Path, image: &Image) -> std::io::Result<()> {
    let mut file = std::fs::File::create(path)?;
    file.write_all(b"#!/usr/bin/env ulm\n")?;
    image.write_to(&mut file)?;
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

fn explain(code: Option<&str>) -> Result<(), Failure> {
    let pages = || ulmas::EXPLANATIONS.iter().chain(ulm_isa::EXPLANATIONS);
    let Some(code) = code else {
        let lines: String = pages()
            .map(|p| format!("{}  {}\n", p.code, p.title))
            .collect();
        return print(lines.as_bytes());
    };
    match pages().find(|page| page.code.eq_ignore_ascii_case(code)) {
        Some(page) => {
            let text = format!(
                "{}: {}\n\n{}\n",
                page.code,
                page.title,
                page.text.trim_end()
            );
            print(text.as_bytes())
        }
        None => Err(complain(&format!(
            "there is no message with the code `{code}`; `ulmas explain` lists all"
        ))),
    }
}
