//! Entries are compiled, executed, and remembered; nothing that is wrong with one ends the session.

use std::io::{self, BufRead, Read};
use std::sync::{Arc, Mutex, PoisonError};

use codegen::execution::{Host, Outcome, Reply};
use codegen::ir::text::print_function;
use codegen::ir::{FunctionId, ImportId, Module};
use codegen::link::Architecture;
use codegen::memory::Interrupt;
use codegen::passes::BASIC;
use diagnostics::Sources;
use emjay_jit::session::{CompiledEntry, KEEP, Session};
use emjay_jit::{Options, Reason};
use terminal::{Failure, render_all, say, say_error, status};

use super::show::{self, say_out};
use crate::command::arguments::CodeOptions;
use crate::command::console::Console;
use crate::command::execute::{Bounds, Loaded, Machine};
use crate::command::phases::Phases;
use crate::command::run::{Program, load};

/// A session with what executes its entries.
pub(super) struct Evaluator {
    session: Session,
    code: CodeOptions,
    machine: Machine,
    bounds: Bounds,
    console: Console,
    running: Running,
}

/// The program that Ctrl-C ends, while there is one.
#[derive(Clone, Default)]
struct Running(Arc<Mutex<Option<Interrupt>>>);

impl Running {
    fn set(&self, interrupt: Option<Interrupt>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = interrupt;
    }

    /// Asks the program to end. A second time, or if there is none, the process ends.
    fn interrupt(&self) {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*running {
            Some(interrupt) if !interrupt.is_requested() => interrupt.request(),
            _ => std::process::exit(i32::from(status::INTERRUPTED)),
        }
    }
}

impl Evaluator {
    pub(super) fn new(code: CodeOptions, machine: Machine, stack: u64) -> Self {
        Self {
            session: Session::default(),
            code,
            machine,
            bounds: Bounds {
                stack,
                instructions: None,
            },
            console: Console::new(Box::new(Line)),
            running: Running::default(),
        }
    }

    /// From now on Ctrl-C ends what is being evaluated.
    pub(super) fn handle_interrupts(&self) {
        let running = self.running.clone();
        // Without a handler, Ctrl-C ends the process as it does by default.
        _ = ctrlc::set_handler(move || running.interrupt());
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    pub(super) fn reset(&mut self) {
        self.session = Session::default();
    }

    /// The names of functions and variables.
    pub(super) fn names(&self) -> Vec<String> {
        let functions = self.session.functions().iter().map(|f| f.0.clone());
        let variables = self.session.variables().iter().map(|v| v.0.clone());
        functions.chain(variables).collect()
    }

    pub(super) fn evaluate(&mut self, name: &str, text: &str) {
        self.evaluate_in_phases(name, text, &mut Phases::default());
    }

    pub(super) fn evaluate_timed(&mut self, text: &str) {
        let mut phases = Phases::default();
        self.evaluate_in_phases("entry", text, &mut phases);
        say_out(&phases.table());
    }

    fn evaluate_in_phases(&mut self, name: &str, text: &str, phases: &mut Phases) {
        let mut sources = Sources::new();
        let options = Options { polls: true };
        let compiled = phases.measure("compile", || {
            self.session.compile(&mut sources, name, text, options)
        });
        match compiled {
            Ok(entry) => self.execute(entry, &sources, phases),
            Err(messages) => say(&render_all(&messages, &sources)),
        }
    }

    /// Executes an entry, and remembers what it has declared and computed.
    fn execute(&mut self, mut entry: CompiledEntry, sources: &Sources, phases: &mut Phases) {
        let Some(function) = entry.entry else {
            self.session.accept(entry);
            return;
        };
        let backend = self.code.backend(self.machine.architecture());
        phases.measure("optimise", || backend.optimise(&mut entry.module));
        let loaded = load(self.machine, backend, &entry.module, phases);
        let mut loaded = match loaded {
            Ok(loaded) => loaded,
            Err(error) => return say_error(&error.to_string()),
        };
        if let Loaded::Native(program) = &loaded {
            self.running.set(Some(program.interrupt()));
        }
        self.console.begin();
        let mut host = EntryHost {
            console: &mut self.console,
            kept: Vec::new(),
        };
        let outcome = phases.measure("run", || {
            loaded.execute(function, &entry.arguments, &mut host, self.bounds)
        });
        let kept = host.kept;
        self.running.set(None);
        let stop = self.console.take_stop();
        self.console.end_line();
        match outcome {
            Ok(Outcome::Returned(value)) => {
                self.keep(&entry, &kept);
                if entry.has_value {
                    say_out(&format!("{value}\n"));
                }
            }
            Ok(Outcome::Left(departure)) if departure.reason == Reason::Interrupted.number() => {
                say("interrupted\n");
            }
            Ok(Outcome::Left(departure)) => {
                let program = Program {
                    module: &entry.module,
                    sources,
                    file: entry.file,
                };
                // The status is that of a process: the session goes on.
                let Failure(_) = program.left(&departure, stop);
            }
            Ok(Outcome::Limit) => {}
            Err(error) => say_error(&error.to_string()),
        }
        drop(loaded);
        self.session.accept(entry);
    }

    fn keep(&mut self, entry: &CompiledEntry, kept: &[(i64, i64)]) {
        for &(number, value) in kept {
            let name = usize::try_from(number).ok();
            if let Some(name) = name.and_then(|number| entry.variables.get(number)) {
                self.session.set(name, value);
            }
        }
    }

    // ---- stages ----

    /// The functions of the session, and the one that is asked for; otherwise says why not.
    fn module(&self, name: &str) -> Option<(Module, FunctionId)> {
        let mut sources = Sources::new();
        let compiled = self
            .session
            .compile(&mut sources, "session", "", Options::default());
        let module = match compiled {
            Ok(entry) => entry.module,
            Err(messages) => {
                say(&render_all(&messages, &sources));
                return None;
            }
        };
        let Some(id) = module.find(name) else {
            show::no_function(&self.session, name);
            return None;
        };
        Some((module, id))
    }

    pub(super) fn show_ir(&self, stage: &str, name: &str) {
        let Some((mut module, id)) = self.module(name) else {
            return;
        };
        let passes = BASIC.iter().position(|(pass, _)| *pass == stage);
        match (stage, passes) {
            ("first", _) => {}
            ("final", _) => {
                let backend = self.code.backend(self.machine.architecture());
                backend.optimise(&mut module);
            }
            (_, Some(last)) => {
                for (_, pass) in &BASIC[..=last] {
                    pass(&mut module.functions[id.index()]);
                }
            }
            (_, None) => {
                return say_error(&format!(
                    "there is no stage `{stage}`: first, constants, dedup, dead, final"
                ));
            }
        }
        say_out(&format!(
            "{}\n",
            print_function(&module, id).to_string().trim_end()
        ));
    }

    pub(super) fn show_code(&self, machine: Option<&str>, name: &str) {
        let architecture = match machine {
            None => self.machine.architecture(),
            Some("aarch64") => Architecture::Aarch64,
            Some("x86-64") => Architecture::X86_64,
            Some(other) => {
                return say_error(&format!("there is no machine `{other}`: aarch64, x86-64"));
            }
        };
        if let Some((mut module, id)) = self.module(name) {
            let backend = self.code.backend(architecture);
            backend.optimise(&mut module);
            say_out(&backend.print(&module, id));
        }
    }
}

/// The host of an entry: the console, and what is handed back.
struct EntryHost<'a> {
    console: &'a mut Console,
    kept: Vec<(i64, i64)>,
}

impl Host for EntryHost<'_> {
    fn call(&mut self, import: ImportId, arguments: &[i64]) -> Reply {
        if import != KEEP {
            return self.console.call(import, arguments);
        }
        if let &[number, value] = arguments {
            self.kept.push((number, value));
        }
        Reply::Continue(0)
    }
}

/// The standard input, line by line: what stands behind a line may be the next entry.
struct Line;

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut stdin = io::stdin().lock();
        let available = stdin.fill_buf()?;
        let line = available.iter().position(|&byte| byte == b'\n');
        let length = line.map_or(available.len(), |end| end + 1);
        let length = length.min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        stdin.consume(length);
        Ok(length)
    }
}
