//! `emjay repl`: entries one after the other, from a terminal or from a file.

mod editor;
mod evaluate;
mod show;

use std::io::{self, BufRead, IsTerminal};
use std::path::Path;

use emjay_jit::session::is_incomplete;
use terminal::{Failure, fail, reason, say, say_error};

use super::arguments::ReplArguments;
use super::execute::Machine;
use editor::LineEditor;
use evaluate::Evaluator;

const WELCOME: &str = "emjay: functions, statements and expressions; :help says more\n";

const HELP: &str = "\
Functions, statements and expressions are remembered: a function may be declared anew, and a
variable keeps its value. An expression without a semicolon is shown.

  fn double(x) { return 2 * x; }
  let a = double(21);
  a + 1

  :ast NAME              the tree of a function
  :ir NAME               its IR, as it is first
  :ir STAGE NAME         its IR after constants, dedup, dead, or final: what the generator gets
  :asm NAME              its code for this machine
  :asm aarch64 NAME      its code for AArch64; likewise x86-64
  :time ENTRY            evaluate, and say how long each phase took
  :list                  all functions and variables
  :load FILE             take the entries of a file
  :reset                 forget everything
  :help                  this
  :quit                  leave; so does the end of the input (Ctrl-D)

Ctrl-C ends what is being evaluated.
";

/// Whether entries go on coming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Entry,
    Quit,
}

/// Takes entries until there are no more.
pub(super) fn repl(arguments: &ReplArguments) -> Result<(), Failure> {
    // Where there is no native code there is the simulator.
    let machine = Machine::of(arguments.target, false).unwrap_or(Machine::Simulator);
    let mut repl = Repl {
        evaluator: Evaluator::new(arguments.code, machine, arguments.stack.0),
    };
    if io::stdin().is_terminal() {
        repl.take_from_terminal()
    } else {
        repl.take_from_lines()
    }
}

struct Repl {
    evaluator: Evaluator,
}

impl Repl {
    fn take_from_terminal(&mut self) -> Result<(), Failure> {
        let mut editor =
            LineEditor::new().map_err(|error| fail(&format!("can't use the terminal: {error}")))?;
        // The editor has a handler of its own: ours has to come behind it.
        self.evaluator.handle_interrupts();
        say(WELCOME);
        loop {
            editor.set_names(self.evaluator.names());
            match editor.read() {
                Ok(Some(entry)) => {
                    if self.take(&entry) == Next::Quit {
                        return Ok(());
                    }
                }
                Ok(None) => return Ok(()),
                Err(error) => return Err(fail(&format!("can't read the terminal: {error}"))),
            }
        }
    }

    /// Without a terminal there is no prompt; an entry ends with the line that completes it.
    fn take_from_lines(&mut self) -> Result<(), Failure> {
        self.evaluator.handle_interrupts();
        let mut entry = String::new();
        loop {
            let mut line = Vec::new();
            let length = io::stdin()
                .lock()
                .read_until(b'\n', &mut line)
                .map_err(|error| fail(&format!("can't read stdin: {}", reason(&error))))?;
            entry += &String::from_utf8_lossy(&line);
            let is_complete = length == 0 || is_command(&entry) || !is_incomplete(&entry);
            if is_complete && self.take(&std::mem::take(&mut entry)) == Next::Quit {
                return Ok(());
            }
            if length == 0 {
                return Ok(());
            }
        }
    }

    fn take(&mut self, entry: &str) -> Next {
        let entry = entry.trim_end();
        let Some(command) = entry.trim_start().strip_prefix(':') else {
            if !entry.trim().is_empty() {
                self.evaluator.evaluate("entry", entry);
            }
            return Next::Entry;
        };
        let (word, rest) = command
            .split_once(char::is_whitespace)
            .unwrap_or((command, ""));
        self.command(word, rest.trim())
    }

    fn command(&mut self, word: &str, rest: &str) -> Next {
        let words: Vec<&str> = rest.split_whitespace().collect();
        match (word, &*words) {
            ("quit" | "q" | "exit", []) => return Next::Quit,
            ("help" | "h" | "?", []) => show::say_out(HELP),
            ("list", []) => show::list(self.evaluator.session()),
            ("reset", []) => self.evaluator.reset(),
            ("load", [_, ..]) => self.load(Path::new(rest)),
            ("time", [_, ..]) => self.evaluator.evaluate_timed(rest),
            ("ast", [name]) => show::tree(self.evaluator.session(), name),
            ("ir", [name]) => self.evaluator.show_ir("first", name),
            ("ir", [stage, name]) => self.evaluator.show_ir(stage, name),
            ("asm", [name]) => self.evaluator.show_code(None, name),
            ("asm", [machine, name]) => self.evaluator.show_code(Some(machine), name),
            _ => say_error(&format!(
                "there is no command `:{word}` of this form; `:help` lists all"
            )),
        }
        Next::Entry
    }

    fn load(&mut self, path: &Path) {
        match std::fs::read(path) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                self.evaluator.evaluate(&path.display().to_string(), &text);
            }
            Err(error) => say_error(&format!(
                "can't read `{}`: {}",
                path.display(),
                reason(&error)
            )),
        }
    }
}

fn is_command(entry: &str) -> bool {
    entry.trim_start().starts_with(':')
}
