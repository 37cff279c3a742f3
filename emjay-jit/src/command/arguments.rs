//! The command line, as clap reads it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use codegen::link::Architecture;
use codegen::machine::Calls;
use codegen::passes::Level;
use emjay_jit::backend::Backend;
use emjay_jit::compare::ColumnName;
use emjay_jit::ulm::Convention;
use terminal::Size;

const EXAMPLES: &str = "\
Examples:
  emjay run examples/blog.emjay              compile, run, print the result
  emjay run examples/fib.emjay 30            main's parameters come from the command line
  emjay emit --stage ir examples/fib.emjay   look at what the compiler makes of it
  emjay compare examples/fib.emjay 5         AArch64 and the ULM, call by call
  emjay repl                                 try it line by line

Exit status: 0; 1 errors in the source, 2 wrong command line, 124 a limit, 125 a run-time error,
130 interrupted, 141 the reader of the output went away.";

/// Compile programs in emjay, a small language, and run them
#[derive(Debug, Parser)]
#[command(
    name = "emjay",
    version,
    after_help = EXAMPLES,
    arg_required_else_help = true
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Compile a program, run its `main`, and print the value that it returns
    #[command(
        override_usage = "emjay run [OPTIONS] <FILE> [ARG]...\n       \
                          emjay run [OPTIONS] --from-ulm <IMAGE>",
        after_help = "Options stand before the arguments of `main`; negative ones stand as they \
                      are.\n\nExamples:\n  emjay run examples/gcd.emjay 12 -18\n  \
                      emjay run --target aarch64-sim --limit 1000000 examples/fib.emjay 20\n  \
                      emjay run --target ulm --convention stack examples/fib.emjay 20\n  \
                      emjay run --time examples/collatz.emjay 1000000\n  \
                      emjay run --target aarch64-sim --from-ulm examples/hello.s"
    )]
    Run(RunArguments),

    /// Write what the compiler makes of a program: its tree, its IR, its code
    #[command(
        override_usage = "emjay emit [OPTIONS] <FILE> [ARG]...\n       \
                          emjay emit [OPTIONS] --from-ulm <IMAGE>",
        after_help = "Examples:\n  emjay emit --stage ast examples/blog.emjay\n  \
                      emjay emit --stage ir-final --opt 2 examples/fib.emjay\n  \
                      emjay emit --target aarch64 --opt 1 examples/blog.emjay\n  \
                      emjay emit --target x86-64 --format elf -o fib examples/fib.emjay && ./fib 30\n  \
                      emjay emit --target ulm -o fib.s examples/fib.emjay 20 && ulm fib.s\n  \
                      emjay emit --stage ir --from-ulm examples/hello.s"
    )]
    Emit(EmitArguments),

    /// Run a program on several machines, check that they agree, and show what its calls cost
    #[command(
        after_help = "Columns: aarch64, aarch64:baseline, aarch64:trampoline, x86-64, ulm, \
                      ulm:leaf, ulm:stack, ulm:inline.\n\nExamples:\n  emjay compare examples/blog.emjay\n  \
                      emjay compare examples/gcd.emjay 12 -18 --columns ulm:leaf,ulm:stack\n  \
                      emjay compare --format html -o fib.html examples/fib.emjay 5\n\n\
                      Exit status: 0 if the columns agree; 1 if they differ, the source has errors, \
                      or a column can't have this program; 124 if a limit stopped all of them."
    )]
    Compare(CompareArguments),

    /// Take functions, statements and expressions line by line, and show what becomes of them
    #[command(
        after_help = "Example:\n  emjay repl\n  > fn double(x) { return 2 * x; }\n  > \
                            let a = double(21);\n  > a + 1\n  43\n  > :asm aarch64 double\n  > :help"
    )]
    Repl(ReplArguments),

    /// Explain the code of a message; without one, list all codes
    #[command(after_help = "Examples:\n  emjay explain E0201\n  emjay explain")]
    Explain {
        /// The code in the message's first line
        code: Option<String>,
    },

    /// Write a shell's completions
    #[command(
        hide = true,
        after_help = "Example:\n  emjay completions bash > emjay.bash"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },

    /// Write a man page
    #[command(hide = true, after_help = "Example:\n  emjay man run > emjay-run.1")]
    Man {
        /// The subcommand that the page is about
        command: Option<String>,
    },
}

/// How code is made.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct CodeOptions {
    /// How much is done to make the code fast
    #[arg(long, value_name = "LEVEL", value_enum, default_value = "2")]
    pub(super) opt: Opt,

    /// How functions call each other; default: trampoline for AArch64 at `--opt 0` and `1`, else
    /// direct
    #[arg(long, value_enum)]
    pub(super) calls: Option<CallsName>,

    /// Don't replace calls by the bodies of functions
    #[arg(long)]
    pub(super) no_inline: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Opt {
    /// Nothing
    #[value(name = "0")]
    None,
    /// Constants, and what is dead
    #[value(name = "1")]
    Basic,
    /// Everything
    #[value(name = "2")]
    Full,
}

impl Opt {
    /// The level of the passes.
    pub(super) const fn level(self) -> Level {
        match self {
            Self::None => Level::None,
            Self::Basic => Level::Basic,
            Self::Full => Level::Full,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CallsName {
    /// Branches to the functions
    Direct,
    /// By way of a table of functions
    Trampoline,
}

/// How functions call each other on the ULM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ConventionName {
    /// Leaf where that works, stack elsewhere
    Auto,
    /// Arguments in the callee's registers; only `main` calls
    Leaf,
    /// Frames on a stack
    Stack,
    /// No calls: each is replaced by the function's body
    Inline,
}

impl ConventionName {
    /// The convention.
    pub(super) const fn convention(self) -> Convention {
        match self {
            Self::Auto => Convention::Auto,
            Self::Leaf => Convention::Leaf,
            Self::Stack => Convention::Stack,
            Self::Inline => Convention::Inline,
        }
    }
}

/// The stack that native programs have if nobody says how large it is to be, in bytes.
const NATIVE_STACK: u64 = 64 << 20;
/// The same on the ULM.
const ULM_STACK: u64 = 256 << 20;

impl CodeOptions {
    /// The way to code for a machine.
    pub(super) fn backend(self, architecture: Architecture) -> Backend {
        let usual = Backend::new(architecture, self.opt.level());
        let calls = match self.calls {
            None => usual.calls,
            Some(CallsName::Direct) => Calls::Direct,
            Some(CallsName::Trampoline) => Calls::Trampoline,
        };
        Backend {
            calls,
            inline: !self.no_inline,
            ..usual
        }
    }
}

/// Where a program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum RunTarget {
    /// This machine
    Native,
    /// AArch64: this machine if it is one, else the simulator
    Aarch64,
    /// The simulator of AArch64
    Aarch64Sim,
    /// x86-64, if this machine is one
    #[value(name = "x86-64")]
    X86_64,
    /// The ULM
    Ulm,
    /// The definition of the IR: for comparisons
    #[value(hide = true)]
    Interpreter,
}

/// What `emjay run` takes.
#[derive(Debug, Args)]
pub(super) struct RunArguments {
    /// Where the program runs
    #[arg(long, value_enum, default_value = "native")]
    pub(super) target: RunTarget,

    #[command(flatten)]
    pub(super) code: CodeOptions,

    /// How functions call each other on the ULM; default: auto
    #[arg(long, value_enum)]
    pub(super) convention: Option<ConventionName>,

    /// The stack of the program: bytes, or with K, M, G; default: 64M, on the ULM 256M
    #[arg(long, value_name = "SIZE")]
    pub(super) stack: Option<Size>,

    /// Execute at most N instructions; only where they are counted: `--target aarch64-sim` or `ulm`
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<u64>,

    /// Take the program's input from FILE
    #[arg(long, value_name = "FILE")]
    pub(super) stdin: Option<PathBuf>,

    /// At the end, say how long each phase took
    #[arg(long)]
    pub(super) time: bool,

    /// Run a program of the ULM by way of the IR: an image, or a `.s` file to assemble. The exit
    /// status is the program's, and `--limit` counts its instructions
    #[arg(
        long,
        value_name = "IMAGE",
        conflicts_with_all = ["opt", "calls", "no_inline", "convention", "stack", "time"]
    )]
    pub(super) from_ulm: Option<PathBuf>,

    /// The source; `-` is the standard input
    #[arg(required_unless_present = "from_ulm")]
    pub(super) file: Option<PathBuf>,

    /// The arguments of `main`, whole numbers
    #[arg(
        value_name = "ARG",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(super) arguments: Vec<String>,
}

impl RunArguments {
    /// The source.
    pub(super) fn file(&self) -> &Path {
        self.file.as_deref().unwrap_or(Path::new("-"))
    }

    /// The stack of the program, in bytes.
    pub(super) fn stack(&self) -> u64 {
        let usual = match self.target {
            RunTarget::Ulm => ULM_STACK,
            _ => NATIVE_STACK,
        };
        self.stack.map_or(usual, |size| size.0)
    }
}

/// What code is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum EmitTarget {
    /// This machine
    Native,
    /// AArch64
    Aarch64,
    /// x86-64
    #[value(name = "x86-64")]
    X86_64,
    /// The ULM
    Ulm,
}

/// A point on the way of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Stage {
    /// The tree
    Ast,
    /// The IR, as it is first
    Ir,
    /// After constant propagation
    IrConstants,
    /// After constant de-duplication
    IrDedup,
    /// After the elimination of dead stores
    IrDead,
    /// What the generator gets
    IrFinal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Assembly text
    Asm,
    /// The bytes of each function, as hexadecimal text
    Bytes,
    /// A static Linux executable
    Elf,
}

/// What `emjay emit` takes.
#[derive(Debug, Args)]
pub(super) struct EmitArguments {
    /// Write the program at this point; the passes are those of `--opt 1` unless `--opt` is given
    #[arg(long, value_enum, conflicts_with_all = ["format", "calls", "stack"])]
    pub(super) stage: Option<Stage>,

    /// Write code for this machine
    #[arg(long, value_enum, default_value = "native")]
    pub(super) target: EmitTarget,

    /// How the code is written
    #[arg(long, value_enum, default_value = "asm")]
    pub(super) format: Format,

    /// How much is done to make the code fast; default: 2, for a stage 1
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub(super) opt: Option<Opt>,

    /// How functions call each other; default: trampoline for AArch64 at `--opt 0` and `1`, else
    /// direct
    #[arg(long, value_enum)]
    pub(super) calls: Option<CallsName>,

    /// Don't replace calls by the bodies of functions
    #[arg(long)]
    pub(super) no_inline: bool,

    /// How functions call each other on the ULM; default: auto
    #[arg(long, value_enum)]
    pub(super) convention: Option<ConventionName>,

    /// The stack of an executable, or of a program for the ULM: bytes, or with K, M, G; default: 64M,
    /// on the ULM 256M
    #[arg(long, value_name = "SIZE")]
    pub(super) stack: Option<Size>,

    /// Write to OUT instead of the standard output
    #[arg(short, value_name = "OUT")]
    pub(super) output: Option<PathBuf>,

    /// Write what becomes of a program of the ULM: an image, or a `.s` file to assemble. The stages
    /// are `ir` and `ir-final`
    #[arg(
        long,
        value_name = "IMAGE",
        conflicts_with_all = ["opt", "calls", "no_inline", "convention", "stack"]
    )]
    pub(super) from_ulm: Option<PathBuf>,

    /// The source; `-` is the standard input
    #[arg(required_unless_present = "from_ulm")]
    pub(super) file: Option<PathBuf>,

    /// The arguments of `main`, which are built into programs for the ULM
    #[arg(
        value_name = "ARG",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(super) arguments: Vec<String>,
}

impl EmitArguments {
    /// The source.
    pub(super) fn file(&self) -> &Path {
        self.file.as_deref().unwrap_or(Path::new("-"))
    }

    /// The stack of the program, in bytes.
    pub(super) fn stack(&self) -> u64 {
        let usual = match self.target {
            EmitTarget::Ulm => ULM_STACK,
            _ => NATIVE_STACK,
        };
        self.stack.map_or(usual, |size| size.0)
    }

    /// How code is made, at the level that is asked for or else the given one.
    pub(super) fn code(&self, usual: Opt) -> CodeOptions {
        CodeOptions {
            opt: self.opt.unwrap_or(usual),
            calls: self.calls,
            no_inline: self.no_inline,
        }
    }
}

/// How a comparison is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CompareFormat {
    /// For a terminal, as wide as it is
    Text,
    /// For a handout
    Markdown,
    /// For programs
    Json,
    /// A page for a browser, with a call to step through
    Html,
}

/// What `emjay compare` takes.
#[derive(Debug, Args)]
pub(super) struct CompareArguments {
    /// What is compared: names with commas between them
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "aarch64,ulm"
    )]
    pub(super) columns: Vec<ColumnName>,

    /// How it is shown
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: CompareFormat,

    /// How much is done to make the code fast
    #[arg(long, value_name = "LEVEL", value_enum, default_value = "2")]
    pub(super) opt: Opt,

    /// Replace calls of small functions by their bodies
    #[arg(long)]
    pub(super) inline: bool,

    /// What is done without `--inline` anyway
    #[arg(long, hide = true, overrides_with = "inline")]
    pub(super) no_inline: bool,

    /// The stack of each column: bytes, or with K, M, G
    #[arg(long, value_name = "SIZE", default_value = "64M")]
    pub(super) stack: Size,

    /// Execute at most N instructions in each column
    #[arg(long, value_name = "N", default_value = "1000000000")]
    pub(super) limit: u64,

    /// Take the program's input from FILE; else the standard input is read to its end if the
    /// program reads
    #[arg(long, value_name = "FILE")]
    pub(super) stdin: Option<PathBuf>,

    /// Write to OUT instead of the standard output
    #[arg(short, value_name = "OUT")]
    pub(super) output: Option<PathBuf>,

    /// The source; `-` is the standard input
    pub(super) file: PathBuf,

    /// The arguments of `main`, whole numbers
    #[arg(value_name = "ARG", allow_negative_numbers = true)]
    pub(super) arguments: Vec<String>,
}

/// What `emjay repl` takes.
#[derive(Debug, Args)]
pub(super) struct ReplArguments {
    /// Where entries run
    #[arg(long, value_enum, default_value = "native", hide = true)]
    pub(super) target: RunTarget,

    #[command(flatten)]
    pub(super) code: CodeOptions,

    /// The stack of what is typed in: bytes, or with K, M, G
    #[arg(long, value_name = "SIZE", default_value = "64M")]
    pub(super) stack: Size,
}

/// Exits with status 2 if it isn't the ULM and there is a convention, or if it is and there is another
/// way to call.
pub(super) fn check_calls(
    is_ulm: bool,
    calls: Option<CallsName>,
    convention: Option<ConventionName>,
) {
    if is_ulm && calls.is_some() {
        refuse(
            "`--calls` is for other machines: on the ULM `--convention` says how functions call",
        );
    }
    if !is_ulm && convention.is_some() {
        refuse("`--convention` says how functions call on the ULM: `--target ulm` is missing");
    }
}

/// Says what is wrong with the command line and how the subcommand is used, and exits with status 2.
pub(super) fn refuse(message: impl std::fmt::Display) -> ! {
    // No option stands before the subcommand.
    let name = std::env::args_os().nth(1).unwrap_or_default();
    refusal(&name, message).exit()
}

/// An error that shows the usage of a subcommand, as those do that clap finds itself.
fn refusal(subcommand: &OsStr, message: impl std::fmt::Display) -> clap::Error {
    let mut command = Arguments::command();
    command.build();
    let found = command.find_subcommand(subcommand).cloned();
    found
        .unwrap_or(command)
        .error(ErrorKind::InvalidValue, message)
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
        let command = Arguments::command();
        let commands = command
            .get_subcommands()
            .chain([&command])
            .filter(|command| command.get_name() != "help");
        for command in commands {
            let help = command.get_after_help().map(ToString::to_string);
            assert!(
                help.is_some_and(|text| text.contains("Example")),
                "{} has no example",
                command.get_name()
            );
        }
    }

    #[test]
    fn what_is_refused_later_shows_the_usage_of_its_subcommand() {
        for name in ["run", "emit", "compare"] {
            let text = refusal(OsStr::new(name), "no").to_string();
            let expected = format!("error: no\n\nUsage: emjay {name} [OPTIONS] <FILE> [ARG]...\n");
            assert!(text.starts_with(&expected), "{text}");
        }
    }

    fn run(words: &[&str]) -> RunArguments {
        let words = ["emjay", "run"].iter().chain(words);
        match Arguments::try_parse_from(words).map(|arguments| arguments.command) {
            Ok(Command::Run(arguments)) => arguments,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn negative_arguments_stand_as_they_are() {
        let arguments = run(&["f.emjay", "-5", "7", "-0x10"]);
        assert_eq!(arguments.arguments, ["-5", "7", "-0x10"]);
    }

    #[test]
    fn from_the_first_argument_on_everything_is_one() {
        let arguments = run(&["--no-inline", "f.emjay", "--opt", "1", "-3", "--opt", "0"]);
        assert_eq!(arguments.code.opt, Opt::Basic);
        assert!(arguments.code.no_inline);
        assert_eq!(arguments.arguments, ["-3", "--opt", "0"]);
    }
}
