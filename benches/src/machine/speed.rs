//! Time of the processor, and the ratios between those who take turns.

use super::error::Error;
use super::execution::Prepared;
use super::process;
use super::runner::{Engine, Runner};
use super::table::{ABSENT, Table, Target, judged, number};
use crate::median;

/// What one program took.
#[derive(Debug)]
pub struct Times {
    /// The program.
    program: &'static str,
    /// The instructions that it executes on the ULM.
    instructions: Option<u64>,
    /// Whose times there are.
    runners: Vec<Runner>,
    /// Seconds: of each round those of all runners, in their order.
    rounds: Vec<Vec<f64>>,
}

impl Times {
    /// Runs a program as often as there are rounds; in each one everybody has a turn.
    ///
    /// # Errors
    ///
    /// If somebody fails.
    pub fn measure(prepared: &Prepared, rounds: u32) -> Result<Self, Error> {
        let round = || {
            let executions = prepared.executions.iter();
            executions
                .map(|execution| {
                    let usage = process::measure(&mut execution.command())?;
                    Ok(usage.processor.as_secs_f64())
                })
                .collect()
        };
        Ok(Self {
            program: prepared.program.name,
            instructions: prepared.instructions,
            runners: prepared.executions.iter().map(|it| it.runner).collect(),
            rounds: (0..rounds).map(|_| round()).collect::<Result<_, _>>()?,
        })
    }

    fn index(&self, runner: Runner) -> Option<usize> {
        self.runners.iter().position(|&other| other == runner)
    }

    /// Seconds.
    fn median(&self, runner: Runner) -> Option<f64> {
        let index = self.index(runner)?;
        Some(median(
            self.rounds.iter().map(|round| round[index]).collect(),
        ))
    }

    /// The time of one by that of another in the same round; the median of the rounds.
    fn ratio(&self, one: Runner, other: Runner) -> Option<f64> {
        let (one, other) = (self.index(one)?, self.index(other)?);
        let rounds = self.rounds.iter();
        Some(median(
            rounds.map(|round| round[one] / round[other]).collect(),
        ))
    }

    /// Instructions of the ULM, in millions a second.
    fn speed(&self, engine: Engine) -> Option<f64> {
        let seconds = self.median(Runner::Engine(engine))?;
        Some(self.instructions? as f64 / seconds / 1e6)
    }
}

/// Millions of instructions a second that the fast engine is to execute.
const FAST_SPEED: Target = Target::AtLeast(600.0);

/// How many times faster than the fast engine the translating one is to be.
const SPEED_UP: Target = Target::AtLeast(5.0);

/// The programs for which the translating engine is to be as fast as qemu.
const AS_FAST_AS_QEMU: [&str; 6] = ["loop", "fib", "fib-calls", "sort", "collatz", "printuint"];

/// Those for which it is to be as fast as gcc -O1, up to a factor.
const NEAR_GCC: [&str; 2] = ["loop", "sieve"];

/// What the time of an engine by that of a peer is to be.
fn ratio_target(program: &str, engine: Engine, peer: Runner) -> Option<Target> {
    match (engine, peer) {
        (Engine::Jit, Runner::Qemu) if AS_FAST_AS_QEMU.contains(&program) => {
            Some(Target::AtMost(1.0))
        }
        (Engine::Jit, Runner::GccO1) if NEAR_GCC.contains(&program) => Some(Target::AtMost(2.0)),
        _ => None,
    }
}

/// Seconds of each runner.
pub fn seconds(measured: &[Times], runners: &[Runner]) -> Table {
    let titles = ["program", "million instructions"].into_iter();
    let mut table = Table::new(titles.chain(runners.iter().map(|runner| runner.title())));
    for times in measured {
        let millions = times.instructions.map(|count| count as f64 / 1e6);
        let mut cells = vec![
            times.program.to_owned(),
            millions.map_or_else(|| ABSENT.to_owned(), number),
        ];
        cells.extend(runners.iter().map(|&runner| {
            let seconds = times.median(runner);
            seconds.map_or_else(|| ABSENT.to_owned(), |seconds| format!("{seconds:.4}"))
        }));
        table.row(cells);
    }
    table
}

/// Millions of instructions a second of each engine, and how many times faster the translating one is.
pub fn speeds(measured: &[Times], engines: &[Engine]) -> Table {
    let titles = ["program"].into_iter();
    let engine_titles = engines.iter().map(|engine| engine.name());
    let mut table = Table::new(titles.chain(engine_titles).chain(["time of fast / jit"]));
    for times in measured {
        let mut cells = vec![times.program.to_owned()];
        for &engine in engines {
            let target = (engine == Engine::Fast).then_some(FAST_SPEED);
            cells.push(cell(times.speed(engine), target));
        }
        let (fast, jit) = (Runner::Engine(Engine::Fast), Runner::Engine(Engine::Jit));
        cells.push(cell(times.ratio(fast, jit), Some(SPEED_UP)));
        table.row(cells);
    }
    table
}

/// The time of an engine by that of each peer.
pub fn ratios(measured: &[Times], engine: Engine, peers: &[Runner]) -> Table {
    let titles = peers
        .iter()
        .map(|peer| format!("{} / {}", engine.name(), peer.title()));
    let mut table = Table::new(["program".to_owned()].into_iter().chain(titles));
    for times in measured {
        let ratio = |&peer: &Runner| {
            let ratio = times.ratio(Runner::Engine(engine), peer);
            cell(ratio, ratio_target(times.program, engine, peer))
        };
        let cells = [times.program.to_owned()].into_iter();
        table.row(cells.chain(peers.iter().map(ratio)));
    }
    table
}

fn cell(figure: Option<f64>, target: Option<Target>) -> String {
    figure.map_or_else(|| ABSENT.to_owned(), |figure| judged(figure, target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_one_of_the_same_round() {
        let times = Times {
            program: "loop",
            instructions: None,
            runners: vec![Runner::Qemu, Runner::GccO1],
            // A machine that becomes slow in the end: the ratio of medians would be 2.
            rounds: vec![vec![1.0, 1.0], vec![2.0, 1.0], vec![6.0, 6.0]],
        };
        assert_eq!(times.ratio(Runner::Qemu, Runner::GccO1), Some(1.0));
    }
}
