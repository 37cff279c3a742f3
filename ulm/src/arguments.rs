//! The command line, as clap reads it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use terminal::Size;
use ulm_machine::{JitEngine, Limits};

const EXAMPLES: &str = "\
Examples:
  ulm hello.s                       assemble and run
  ulm a.out                         run an image that ulmas made
  ulm --trace --limit 50 loop.s     watch the first 50 instructions
  ulm --dump --max-memory 64K f.s   registers at the end, memory bounded

A subcommand's name wins over a file of that name: `ulm ./isa` runs the file `isa`.

Exit status: the program's own; 1 errors in the source, 2 wrong command line, 124 a limit,
125 a trap, 126 not an image, 130 interrupted, 141 the reader of the output went away.";

/// Run a program of the Ulm Lecture Machine
#[derive(Debug, Parser)]
#[command(
    name = "ulm",
    version,
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    arg_required_else_help = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) run: RunArguments,
}

/// What `ulm PROGRAM` takes.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// An image, a `.s` file to assemble and run, or `-` for source text on stdin
    #[arg(required = true)]
    pub(crate) program: Option<PathBuf>,

    /// What executes the program
    #[arg(long, value_enum, default_value_t)]
    pub(crate) engine: EngineName,

    /// Execute at most N instructions
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,

    /// Let the program use at most SIZE memory: bytes, or with K, M, G
    #[arg(long, value_name = "SIZE", default_value = "1G")]
    pub(crate) max_memory: Size,

    /// Let the program write at most SIZE: bytes, or with K, M, G
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_output: Option<Size>,

    /// Take the program's input from FILE
    #[arg(long, value_name = "FILE")]
    pub(crate) stdin: Option<PathBuf>,

    /// Write a line per instruction, to stderr or to FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    #[expect(
        clippy::option_option,
        reason = "clap's type for an option whose value may be left out"
    )]
    pub(crate) trace: Option<Option<PathBuf>>,

    /// At the end, count instructions, loads, stores and calls, by mnemonic and by label
    #[arg(long)]
    pub(crate) stats: bool,

    /// At the end, however it comes, show the registers in use and the flags
    #[arg(long)]
    pub(crate) dump: bool,

    /// Start with random registers and .bss, to find programs that rely on zeros
    #[arg(long, value_name = "SEED", num_args = 0..=1, require_equals = true)]
    #[expect(
        clippy::option_option,
        reason = "clap's type for an option whose value may be left out"
    )]
    pub(crate) randomize: Option<Option<u64>>,

    /// Write how it ended as JSON, to stderr or to FILE
    #[arg(long, value_name = "json[=FILE]", value_parser = parse_report)]
    pub(crate) report: Option<ReportTo>,

    /// Run on the machine that FILE describes
    #[arg(long, value_name = "FILE")]
    pub(crate) isa: Option<PathBuf>,
}

impl RunArguments {
    /// What a command line says that has a limit at most.
    pub(crate) fn usual(limit: Option<u64>) -> Self {
        Self {
            program: None,
            engine: EngineName::Fast,
            limit,
            max_memory: Size(Limits::default().memory),
            max_output: None,
            stdin: None,
            trace: None,
            stats: false,
            dump: false,
            randomize: None,
            report: None,
            isa: None,
        }
    }
}

/// What executes a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    /// The definition, evaluated literally
    Reference,
    /// Decoded instructions
    Fast,
    /// Hot code translated to code of this computer
    Jit,
}

impl Default for EngineName {
    /// The quickest that this computer has.
    fn default() -> Self {
        if JitEngine::is_available() {
            Self::Jit
        } else {
            Self::Fast
        }
    }
}

/// Where a report goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReportTo {
    Stderr,
    File(PathBuf),
}

fn parse_report(text: &str) -> Result<ReportTo, String> {
    match text.split_once('=') {
        None if text == "json" => Ok(ReportTo::Stderr),
        Some(("json", file)) if !file.is_empty() => Ok(ReportTo::File(file.into())),
        _ => Err("write `json`, or `json=FILE`".into()),
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write an image as assembly source that assembles to the same bytes
    #[command(after_help = "Example:\n  ulm disasm a.out > again.s")]
    Disasm {
        /// The image
        image: PathBuf,

        /// The machine that FILE describes
        #[arg(long, value_name = "FILE")]
        isa: Option<PathBuf>,
    },

    /// Show the machine's instructions; write its manual and editor files
    #[command(
        after_help = "Examples:\n  ulm isa show divq\n  ulm isa manual --format html > ulm.html"
    )]
    Isa {
        /// The machine that FILE describes
        #[arg(long, value_name = "FILE", global = true)]
        isa: Option<PathBuf>,

        #[command(subcommand)]
        command: IsaCommand,
    },

    /// Explain the code of a message; without one, list all codes
    #[command(after_help = "Examples:\n  ulm explain U0104\n  ulm explain")]
    Explain {
        /// The code in the message's first line
        code: Option<String>,
    },

    /// Write a shell's completions
    #[command(
        hide = true,
        after_help = "Example:\n  ulm completions bash > ulm.bash"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },

    /// Write a man page
    #[command(hide = true, after_help = "Example:\n  ulm man > ulm.1")]
    Man {
        /// The subcommand that the page is about
        command: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum IsaCommand {
    /// Show the forms, fields, effect and flags of a mnemonic
    #[command(after_help = "Example:\n  ulm isa show divq")]
    Show {
        /// The mnemonic
        mnemonic: String,
    },

    /// Write the whole manual
    #[command(after_help = "Example:\n  ulm isa manual --format html > ulm.html")]
    Manual {
        /// Markdown or HTML
        #[arg(long, value_enum, default_value = "md")]
        format: ManualFormat,
    },

    /// Write syntax highlighting for an editor
    #[command(after_help = "Example:\n  ulm isa grammar --format vim > ~/.vim/syntax/ulm.vim")]
    Grammar {
        /// The editor's format
        #[arg(long, value_enum, default_value = "vim")]
        format: GrammarFormat,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ManualFormat {
    /// Markdown
    Md,
    /// A page that stands alone
    Html,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GrammarFormat {
    /// A syntax file
    Vim,
    /// A .tmLanguage.json file, as many other editors read it
    Textmate,
}

impl Arguments {
    /// Reads the command line; exits with status 2 where it is wrong.
    pub(crate) fn read() -> Self {
        Self::try_parse().unwrap_or_else(|error| {
            let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
            match second_program(&error, &words.collect::<Vec<_>>()) {
                Some(message) => refuse(message),
                None => error.exit(),
            }
        })
    }
}

/// What to say where clap takes a second program for a subcommand.
fn second_program(error: &clap::Error, words: &[String]) -> Option<String> {
    let Some(ContextValue::String(second)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let is_conflict = error.kind() == ErrorKind::ArgumentConflict;
    if !is_conflict || Arguments::command().find_subcommand(second).is_some() {
        return None;
    }
    let mut message = format!("ulm runs one program; what is `{second}`?");
    let is_source = |word: &&String| {
        Path::new(word)
            .extension()
            .is_some_and(|extension| extension == "s")
    };
    let mut pairs = words.windows(2);
    let value = pairs.find(|pair| match &*pair[0] {
        "--trace" => !pair[1].starts_with('-') && !is_source(&&pair[1]),
        "--randomize" => pair[1].parse::<u64>().is_ok(),
        _ => false,
    });
    if let Some([option, value]) = value {
        _ = write!(
            message,
            "\nIf `{value}` belongs to `{option}`, write `{option}={value}`."
        );
    } else if is_source(&second) {
        let files: Vec<_> = words.iter().skip(1).filter(is_source).cloned().collect();
        let files = files.join(" ");
        _ = write!(
            message,
            "\n`ulmas -o PROGRAM {files}` joins files; then run PROGRAM."
        );
    }
    Some(message)
}

/// Says what is wrong with the command line, and exits with status 2.
pub(crate) fn refuse(message: impl std::fmt::Display) -> ! {
    Arguments::command()
        .error(ErrorKind::InvalidValue, message)
        .exit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example_in_its_help() {
        fn check(command: &clap::Command) {
            let help = command.get_after_help().map(ToString::to_string);
            let grouped = command.has_subcommands() && command.get_name() == "help";
            if command.get_name() != "help" && !grouped {
                assert!(
                    help.is_some_and(|text| text.contains("Example")),
                    "{} has no example",
                    command.get_name()
                );
            }
            command.get_subcommands().for_each(check);
        }
        check(&Arguments::command());
    }

    #[test]
    fn a_report_goes_to_stderr_or_to_a_file() {
        assert_eq!(parse_report("json"), Ok(ReportTo::Stderr));
        assert_eq!(parse_report("json=r=1"), Ok(ReportTo::File("r=1".into())));
        assert!(parse_report("json=").is_err());
        assert!(parse_report("xml").is_err());
    }

    #[test]
    fn a_subcommand_wins_over_a_file_of_its_name() {
        let arguments = Arguments::try_parse_from(["ulm", "explain"]).unwrap();
        assert!(matches!(arguments.command, Some(Command::Explain { .. })));
        let arguments = Arguments::try_parse_from(["ulm", "./explain"]).unwrap();
        assert_eq!(arguments.run.program, Some("./explain".into()));
    }

    #[test]
    fn the_value_of_trace_needs_its_equals_sign() {
        let arguments = Arguments::try_parse_from(["ulm", "--trace", "a.s"]).unwrap();
        assert_eq!(arguments.run.trace, Some(None));
        let arguments = Arguments::try_parse_from(["ulm", "--trace=t", "a.s"]).unwrap();
        assert_eq!(arguments.run.trace, Some(Some("t".into())));
    }
}
