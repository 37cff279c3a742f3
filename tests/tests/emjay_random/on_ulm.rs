//! Random programs on the ULM, under every convention that they can have: each one at a level of its
//! own.

use std::ops::ControlFlow;

use codegen::execution::{Activation, Departure, Host, Outcome, Reply};
use codegen::ir::interpret::{Limits, run as interpret};
use codegen::ir::{FunctionId, ImportId, Module};
use codegen::passes::Level;
use codegen::{Place, PlaceId};
use diagnostics::Sources;
use emjay_jit::GETC;
use emjay_jit::ulm::run::{Console, Ending, RunOptions, Runner, assemble};
use emjay_jit::ulm::{Convention, Options, Refusal, compile};
use libtest_mimic::Failed;

use super::{Case, INPUT};

/// More than any of the programs executes.
const MOST_INSTRUCTIONS: u64 = 1_000_000_000;

/// A convention that every program can have must not refuse one.
const CONVENTIONS: [Convention; 4] = [
    Convention::Auto,
    Convention::Stack,
    Convention::Leaf,
    Convention::Inline,
];

/// Levels, and whether small functions are inlined.
const LEVELS: [(Level, bool); 4] = [
    (Level::None, false),
    (Level::Basic, false),
    (Level::Full, false),
    (Level::Full, true),
];

/// Runs a case under each convention.
pub(super) fn check(case: &Case) -> Result<(), Failed> {
    let expected = Expected::of(case)?;
    for (number, convention) in (0..).zip(CONVENTIONS) {
        let (level, inline) = LEVELS[((case.seed + number) % 4) as usize];
        let options = Options {
            convention,
            level,
            inline,
            arguments: &case.arguments,
            ..Options::default()
        };
        run(case, &options, &expected).map_err(|failed| {
            let message = failed.message().unwrap_or_default();
            format!("{convention:?}, {level:?}, inline: {inline}: {message}")
        })?;
    }
    Ok(())
}

/// What a program does, as the interpreter says.
struct Expected {
    outcome: Outcome,
    output: Vec<u8>,
}

/// Reads and writes as the ULM does: a byte 255 is the end.
#[derive(Default)]
struct UlmHost(super::Console);

impl Host for UlmHost {
    fn call(&mut self, import: ImportId, arguments: &[i64]) -> Reply {
        match self.0.call(import, arguments) {
            Reply::Continue(255) if import.index() == GETC => Reply::Continue(-1),
            reply => reply,
        }
    }
}

impl Expected {
    fn of(case: &Case) -> Result<Self, Failed> {
        let mut host = UlmHost::default();
        let limits = Limits::default();
        let outcome = interpret(&case.module, case.main, &case.arguments, &mut host, &limits);
        Ok(Self {
            outcome: outcome.map_err(|fault| format!("{fault:?}"))?,
            output: host.0.output,
        })
    }
}

/// Gives the input at once, and keeps the output.
#[derive(Default)]
struct Recorder {
    is_read: bool,
    output: Vec<u8>,
}

impl Console for Recorder {
    fn pause(&mut self, output: &[u8]) -> ControlFlow<()> {
        self.output.extend_from_slice(output);
        ControlFlow::Continue(())
    }

    fn input(&mut self) -> ControlFlow<(), Vec<u8>> {
        let is_first = !std::mem::replace(&mut self.is_read, true);
        ControlFlow::Continue(if is_first { INPUT.to_vec() } else { Vec::new() })
    }
}

fn run(case: &Case, options: &Options<'_>, expected: &Expected) -> Result<(), Failed> {
    let mut module = case.module.clone();
    let program = match compile(&mut module, Some(case.main), options) {
        Ok(program) => program,
        Err(refusal) => return check_refusal(&refusal, options.convention),
    };
    let mut sources = Sources::new();
    let file = sources.add("random.emjay", case.text.clone());
    let image = assemble(&program, &module, &sources, file)?;
    let run_options = RunOptions {
        instructions: Some(MOST_INSTRUCTIONS),
        stack: options.stack,
    };
    let mut console = Recorder::default();
    let runner = Runner::load(&program, &module, &image, run_options)?;
    let ending = runner.run(&mut console, &mut ())?.ending;
    let mut written = expected.output.clone();
    match (&expected.outcome, &ending) {
        (Outcome::Returned(value), Ending::Halted(0)) => {
            written.extend(format!("{value}\n").bytes());
        }
        (Outcome::Left(expected), Ending::Left(found)) => {
            let is_inlined = options.level == Level::Full && options.inline
                || options.convention == Convention::Inline;
            let expected = Report::of(&case.module, expected);
            let found = Report::of(&module, found);
            let is_same = if is_inlined {
                expected.is_continued_by(&found) || found.is_continued_by(&expected)
            } else {
                found == expected
            };
            if !is_same {
                return Err(format!("{found:?}, expected {expected:?}").into());
            }
        }
        (expected, found) => return Err(format!("{found:?}, expected {expected:?}").into()),
    }
    if console.output != written {
        return Err(format!("it wrote {:?}, expected {written:?}", console.output).into());
    }
    Ok(())
}

/// Only what can't be done is refused.
fn check_refusal(refusal: &Refusal, convention: Convention) -> Result<(), Failed> {
    match (convention, refusal) {
        (Convention::Leaf, Refusal::CallInFunction { .. } | Refusal::TooManyParameters { .. })
        | (Convention::Inline, Refusal::Recursion { .. } | Refusal::TooLarge { .. }) => Ok(()),
        _ => Err(format!("refused: {refusal}").into()),
    }
}

/// What a departure says about the source.
#[derive(Debug, PartialEq, Eq)]
struct Report {
    reason: u32,
    values: Vec<i64>,
    /// The places of the text, the innermost first, calls that were inlined among them.
    chain: Vec<(FunctionId, Option<(u32, u32)>)>,
}

impl Report {
    fn of(module: &Module, departure: &Departure) -> Self {
        let calls = departure.calls.iter();
        Self {
            reason: departure.reason,
            values: departure.values.clone(),
            chain: calls.flat_map(|&call| places(module, call)).collect(),
        }
    }

    /// Activations that were inlined stand between those that are counted: of two reports one may
    /// be longer.
    fn is_continued_by(&self, longer: &Self) -> bool {
        (self.reason, &self.values) == (longer.reason, &longer.values)
            && longer.chain.starts_with(&self.chain)
    }
}

/// The places of an activation, the innermost first.
fn places(module: &Module, activation: Activation) -> Vec<(FunctionId, Option<(u32, u32)>)> {
    let table = &module.functions[activation.function.index()].places;
    let mut found = Vec::new();
    let mut open = vec![(activation.function, activation.place)];
    while let Some((function, PlaceId(place))) = open.pop() {
        match table[place as usize] {
            Place::Inlined {
                place,
                callee,
                call,
            } => {
                open.push((function, call));
                open.push((FunctionId(callee), place));
            }
            Place::Source { start, end } => found.push((function, Some((start, end)))),
            Place::Unknown | Place::Address(_) => found.push((function, None)),
        }
    }
    found
}
