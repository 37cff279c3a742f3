//! `ulm PROGRAM`: load it, run it slice by slice, say how it ended.

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::Path;

use terminal::{reason, say, say_error, status};
use ulm_isa::Isa;
use ulm_machine::{
    Engine, FastEngine, JitEngine, Limit, Limits, Machine, Observer, ReferenceEngine, Stop, Target,
};
use ulmas::image::SegmentKind;

use crate::arguments::{EngineName, RunArguments, refuse};
use crate::console::{self, Console, Event};
use crate::number::{count, size};
use crate::places::Places;
use crate::program::{self, Program};
use crate::report::{Outcome, Report, TrapReport};
use crate::stats::Stats;
use crate::trace::Trace;
use crate::watch::Watch;
use crate::{TranslatedRun, dump, trap};

/// Runs a program and gives the exit status.
pub(crate) fn run(arguments: &RunArguments) -> u8 {
    let loaded = program::load_isa(arguments.isa.as_deref()).and_then(|custom| {
        let path = arguments.program.as_deref().unwrap_or(Path::new(""));
        let program = program::load(custom.as_ref().unwrap_or_else(|| Isa::ulm()), path)?;
        Ok((custom, program))
    });
    let report = match loaded {
        Ok((custom, program)) => {
            let isa = custom.as_ref().unwrap_or_else(|| Isa::ulm());
            let engine = EngineChoice::Named(arguments.engine);
            Run::new(isa, &program, arguments, engine).report(program_input(arguments))
        }
        Err(error) => {
            error.say();
            Report::not_run(error.outcome(), error.status())
        }
    };
    if let Some(to) = &arguments.report {
        report.write(to);
    }
    report.status
}

/// Runs a program that is translated before it is executed, and gives the exit status.
pub(crate) fn run_translated(isa: &Isa, run: TranslatedRun<'_>) -> u8 {
    let program = match program::load(isa, run.program) {
        Ok(program) => program,
        Err(error) => {
            error.say();
            return error.status();
        }
    };
    let arguments = RunArguments::usual(run.limit);
    let engine = EngineChoice::Translated(run.target);
    let report = Run::new(isa, &program, &arguments, engine).report(run.input);
    report.status
}

/// What executes the program.
#[derive(Debug, Clone, Copy)]
enum EngineChoice {
    /// What the command line names.
    Named(EngineName),
    /// Code that is made before the program is executed.
    Translated(Target),
}

/// How a run ended.
enum End {
    /// The machine stopped for good.
    Stopped(Stop),
    /// The program is too large for the memory that it may use.
    NoRoom(Limit),
    /// Ctrl-C; whether it was waiting for input then.
    Interrupted { waiting: bool },
    /// The reader of the output went away.
    ReaderGone,
    /// The host failed: what couldn't be done.
    HostFailed(String),
}

/// A program in the machine, with all that watches it.
struct Run<'a> {
    isa: &'a Isa,
    program: &'a Program,
    arguments: &'a RunArguments,
    engine: EngineChoice,
    machine: Machine,
}

impl<'a> Run<'a> {
    fn new(
        isa: &'a Isa,
        program: &'a Program,
        arguments: &'a RunArguments,
        engine: EngineChoice,
    ) -> Self {
        Self {
            isa,
            program,
            arguments,
            engine,
            machine: Machine::new(),
        }
    }

    /// Runs the program to its end, and tells the user about it.
    fn report(mut self, input: Box<dyn Read + Send>) -> Report {
        let places = Places::new(self.isa, self.program);
        let mut watch = Watch {
            trace: self
                .arguments
                .trace
                .as_ref()
                .map(|to| Trace::new(&places, trace_output(to.as_deref()))),
            stats: self.arguments.stats.then(|| Stats::new(&places)),
        };
        let mut console = Console::new(input);
        let end = match self.load() {
            Ok(()) if watch.is_active() => self.execute(&mut console, &mut watch),
            Ok(()) => self.execute(&mut console, &mut ()),
            Err(limit) => End::NoRoom(limit),
        };
        let quiet = matches!(end, End::ReaderGone);
        if !quiet {
            // Messages begin on a line of their own, and behind the `^C` of the terminal.
            let interrupted = matches!(end, End::Interrupted { .. });
            if console::outputs_share_a_terminal() && (interrupted || console.is_in_line()) {
                let speaks = !matches!(end, End::Stopped(Stop::Halted(_)));
                if speaks || self.arguments.dump || self.arguments.stats {
                    say("\n");
                }
            }
            if let Some(stats) = &watch.stats {
                say(&stats.render(self.machine.instructions()));
            }
            if self.arguments.dump && self.arguments.stats {
                say("\n");
            }
            if self.arguments.dump {
                let randomized = self.arguments.randomize.is_some();
                say(&dump::render(&self.machine, &places, randomized));
            }
        }
        self.conclude(&end, &places)
    }

    /// Brings the machine to the start of the program.
    fn load(&mut self) -> Result<(), Limit> {
        let arguments = self.arguments;
        self.machine.set_limits(Limits {
            instructions: arguments.limit,
            memory: arguments.max_memory.0,
            output: arguments.max_output.map(|size| size.0),
        });
        self.machine.load(&self.program.image)?;
        if let Some(seed) = arguments.randomize {
            let seed = seed.unwrap_or_else(|| {
                let seed = RandomState::new().hash_one(0);
                say(&format!("randomized with --randomize={seed}\n"));
                seed
            });
            let image = &self.program.image;
            let start = image.base(SegmentKind::Bss);
            let size = image.size(SegmentKind::Bss);
            self.machine
                .randomize(seed, start..start.saturating_add(size))?;
        }
        Ok(())
    }

    fn execute<W: Watching>(&mut self, console: &mut Console, watch: &mut W) -> End {
        match self.engine {
            EngineChoice::Named(EngineName::Reference) => {
                let engine = ReferenceEngine::new(self.isa);
                self.run_slices(engine, SLICE_OF_REFERENCE, console, watch)
            }
            EngineChoice::Named(EngineName::Fast) => {
                let engine = FastEngine::new(self.isa);
                self.run_slices(engine, SLICE, console, watch)
            }
            EngineChoice::Named(EngineName::Jit) => {
                let engine = JitEngine::new(self.isa);
                self.run_slices(engine, SLICE_OF_JIT, console, watch)
            }
            EngineChoice::Translated(target) => {
                let engine = JitEngine::ahead(self.isa, target, &self.program.image);
                let slice = match target {
                    Target::Native => SLICE_OF_JIT,
                    Target::Simulated => SLICE_OF_SIMULATOR,
                };
                self.run_slices(engine, slice, console, watch)
            }
        }
    }

    /// Runs until the end, with a look at output and Ctrl-C after every slice.
    fn run_slices<E: Engine, W: Watching>(
        &mut self,
        mut engine: E,
        slice: u64,
        console: &mut Console,
        watch: &mut W,
    ) -> End {
        let end = self.run_to_the_end(&mut engine, slice, console, watch);
        if !matches!(end, End::Stopped(Stop::Halted(_))) {
            // The message will say how control came there.
            engine.recall(&mut self.machine);
        }
        end
    }

    fn run_to_the_end<E: Engine, W: Watching>(
        &mut self,
        engine: &mut E,
        slice: u64,
        console: &mut Console,
        watch: &mut W,
    ) -> End {
        let slice = if W::Observer::ACTIVE {
            SLICE_OF_WATCHED
        } else {
            slice
        };
        loop {
            let stop = engine.run(&mut self.machine, slice, watch.observer());
            if let Err(end) = self.bring_out(console, watch) {
                return end;
            }
            match stop {
                Stop::Paused if console.is_interrupted() => {
                    return End::Interrupted { waiting: false };
                }
                // Nobody sets breakpoints here.
                Stop::Paused | Stop::Breakpoint(_) => {}
                Stop::NeedsInput => match console.read() {
                    Event::Input(bytes) => self.machine.feed(&bytes),
                    Event::End => self.machine.end_input(),
                    Event::Failed(error) => {
                        return End::HostFailed(format!(
                            "can't read the input: {}",
                            reason(&error)
                        ));
                    }
                    Event::Interrupt => return End::Interrupted { waiting: true },
                },
                Stop::Halted(_) | Stop::Trapped(_) | Stop::Limit(_) => return End::Stopped(stop),
            }
        }
    }

    /// Writes what the program has written and what is to be said about it so far.
    fn bring_out<W: Watching>(&mut self, console: &mut Console, watch: &mut W) -> Result<(), End> {
        let end = |what: &str, error: &io::Error| match error.kind() {
            ErrorKind::BrokenPipe => End::ReaderGone,
            _ => End::HostFailed(format!("can't write the {what}: {}", reason(error))),
        };
        // First the trace: a line about an output goes before the output.
        watch.flush().map_err(|error| end("trace", &error))?;
        console
            .write(&self.machine.take_output())
            .map_err(|error| end("output", &error))
    }

    /// Says how the program ended.
    fn conclude(&self, end: &End, places: &Places<'_>) -> Report {
        let mut report = Report {
            outcome: Outcome::Interrupted,
            status: status::INTERRUPTED,
            instructions: self.machine.instructions(),
            limit: None,
            trap: None,
        };
        match end {
            End::Stopped(Stop::Halted(status)) => {
                report.outcome = Outcome::Halted;
                report.status = *status;
            }
            End::Stopped(Stop::Trapped(found)) => {
                let text = trap::trap(found, &self.machine, places);
                say(&text.render(places, terminal::appearance()));
                report.outcome = Outcome::Trapped;
                report.status = status::TRAPPED;
                // Where no line belongs to the address itself, the one that the message shows.
                let line = places.line_at(found.address);
                let line = line.or_else(|| places.line_at(text.address));
                report.trap = Some(TrapReport {
                    kind: found.kind.name(),
                    address: found.address,
                    file: line.map(|(file, _)| file.to_owned()),
                    line: line.map(|(_, line)| line),
                    message: text.title,
                });
            }
            End::Stopped(Stop::Limit(limit)) => {
                let text = trap::limit(*limit, &self.machine, places);
                say(&text.render(places, terminal::appearance()));
                report.outcome = Outcome::Limit;
                report.status = status::LIMIT;
                report.limit = Some(limit.name());
            }
            End::Stopped(_) => {}
            End::NoRoom(limit) => {
                say_error(&format!(
                    "the program does not fit into the limit of {} of memory",
                    size(self.arguments.max_memory.0)
                ));
                report.outcome = Outcome::Limit;
                report.status = status::LIMIT;
                report.limit = Some(limit.name());
            }
            End::Interrupted {
                waiting: is_waiting,
            } => {
                let place = places.describe_with_line(self.machine.ip());
                let waiting = if *is_waiting {
                    ", waiting for input,"
                } else {
                    ""
                };
                say(&format!(
                    "interrupted at {place}{waiting} after {}\n",
                    count(self.machine.instructions(), "instruction")
                ));
                let text = trap::interrupt(*is_waiting, &self.machine, places);
                say(&text.render_place(places, terminal::appearance()));
            }
            End::ReaderGone => report.status = status::READER_GONE,
            End::HostFailed(what) => {
                say_error(what);
                report.status = status::FAILED;
            }
        }
        report
    }
}

/// How many instructions run between two looks at output and Ctrl-C: some hundredths of a second.
const SLICE: u64 = 4_000_000;
const SLICE_OF_JIT: u64 = 20_000_000;
const SLICE_OF_SIMULATOR: u64 = 1_000_000;
const SLICE_OF_REFERENCE: u64 = 400_000;
const SLICE_OF_WATCHED: u64 = 20_000;

/// What may watch a run: [`Watch`], or nothing.
trait Watching {
    type Observer: Observer;

    fn observer(&mut self) -> &mut Self::Observer;

    /// Writes out what there is to say so far.
    fn flush(&mut self) -> io::Result<()>;
}

impl Watching for () {
    type Observer = ();

    fn observer(&mut self) -> &mut () {
        self
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Watching for Watch<'_> {
    type Observer = Self;

    fn observer(&mut self) -> &mut Self {
        self
    }

    fn flush(&mut self) -> io::Result<()> {
        self.trace.as_mut().map_or(Ok(()), Trace::flush)
    }
}

fn trace_output(file: Option<&Path>) -> Box<dyn Write> {
    match file {
        None => Box::new(BufWriter::new(io::stderr())),
        Some(path) => match File::create(path) {
            Ok(file) => Box::new(BufWriter::new(file)),
            Err(error) => refuse(format_args!(
                "can't write the trace to `{}`: {}",
                path.display(),
                reason(&error)
            )),
        },
    }
}

fn program_input(arguments: &RunArguments) -> Box<dyn Read + Send> {
    match &arguments.stdin {
        None => Box::new(io::stdin()),
        Some(path) => match File::open(path) {
            Ok(file) => Box::new(file),
            Err(error) => refuse(format_args!(
                "can't read the input `{}`: {}",
                path.display(),
                reason(&error)
            )),
        },
    }
}
