//! The engines of the ULM beside qemu-riscv64 and gcc, and the speed of the assembler.
//!
//! `cargo run --release --no-default-features --bin machine`. Needs Rust; who else is compared
//! depends on what is installed.

use std::path::PathBuf;
use std::process::ExitCode;

use benches::machine::error::Error;
use benches::machine::execution::Prepared;
use benches::machine::host_instructions::{self, Counter};
use benches::machine::programs::{PROGRAMS, Program};
use benches::machine::runner::{Engine, Runner};
use benches::machine::speed::{self, Times};
use benches::machine::table::Table;
use benches::machine::tools::Tools;
use benches::machine::{assembler, memory, start_up};
use clap::{Parser, ValueEnum};

/// Compare the engines of the ULM with each other, with qemu-riscv64 and with gcc
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  machine --figures speed --programs loop,fib --runners fast,qemu"
)]
struct Arguments {
    /// What to measure
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Figure::ALL)]
    figures: Vec<Figure>,
    /// Which programs, instead of all
    #[arg(long, value_delimiter = ',', value_parser = program)]
    programs: Vec<&'static Program>,
    /// Who runs them
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = USUAL)]
    runners: Vec<Runner>,
    /// How often each time is measured
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Take `ulm`, `ulmas` and `emjay` from this folder, and build nothing
    #[arg(long, value_name = "FOLDER")]
    tools: Option<PathBuf>,
}

/// All but the reference, which takes most of a minute for what others do in a second.
const USUAL: [Runner; 5] = [
    Runner::Engine(Engine::Fast),
    Runner::Engine(Engine::Jit),
    Runner::Qemu,
    Runner::GccO1,
    Runner::GccO2,
];

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Figure {
    /// Time of the processor, and its ratios
    Speed,
    /// Instructions that this machine executes
    Instructions,
    /// The program `halt 0`
    StartUp,
    /// Memory beyond that of the program
    Memory,
    /// Lines a second of the assembler
    Assembler,
}

impl Figure {
    const ALL: [Self; 5] = [
        Self::Speed,
        Self::Instructions,
        Self::StartUp,
        Self::Memory,
        Self::Assembler,
    ];
}

fn program(name: &str) -> Result<&'static Program, String> {
    Program::find(name).ok_or_else(|| {
        let names = PROGRAMS.map(|program| program.name);
        format!("the programs are {}", names.join(", "))
    })
}

fn main() -> ExitCode {
    match measure(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: Arguments) -> Result<(), Error> {
    let tools = match arguments.tools {
        Some(folder) => Tools::in_folder(folder),
        None => Tools::build()?,
    };
    let runners = present(&arguments.runners, &tools);
    let engines = engines(&runners);
    let programs = if arguments.programs.is_empty() {
        PROGRAMS.iter().collect()
    } else {
        arguments.programs
    };
    let mut figures = arguments.figures;
    figures.dedup();
    let prepared = if figures.iter().any(|figure| figure.needs_programs()) {
        prepare(&programs, &runners, &tools)?
    } else {
        Vec::new()
    };
    for figure in figures {
        match figure {
            Figure::Speed => print_speed(&prepared, &runners, arguments.rounds)?,
            Figure::Instructions => print_instructions(&prepared, &runners)?,
            Figure::StartUp => print(
                "Start-up of `halt 0`",
                &start_up::measured(&engines, &tools)?,
            ),
            Figure::Memory => print("Memory", &memory::measured(&engines, &tools)?),
            Figure::Assembler => {
                let table = assembler::measured(arguments.rounds, &tools)?;
                print("The assembler", &table);
            }
        }
    }
    Ok(())
}

impl Figure {
    /// Whether the programs have to be there, for everybody who runs them.
    const fn needs_programs(self) -> bool {
        matches!(self, Self::Speed | Self::Instructions)
    }
}

/// Those who can run programs here; it is said who can't.
fn present(runners: &[Runner], tools: &Tools) -> Vec<Runner> {
    let mut present = Vec::new();
    for &runner in runners {
        match tools.why_not(runner) {
            None if present.contains(&runner) => {}
            None => present.push(runner),
            Some(reason) => eprintln!("without {}: {reason}", runner.title()),
        }
    }
    present
}

fn engines(runners: &[Runner]) -> Vec<Engine> {
    let engine = |runner: &Runner| match *runner {
        Runner::Engine(engine) => Some(engine),
        Runner::Qemu | Runner::GccO1 | Runner::GccO2 => None,
    };
    runners.iter().filter_map(engine).collect()
}

fn prepare(
    programs: &[&'static Program],
    runners: &[Runner],
    tools: &Tools,
) -> Result<Vec<Prepared>, Error> {
    let prepare = |program: &&'static Program| Prepared::new(program, runners, tools);
    programs.iter().map(prepare).collect()
}

fn print_speed(prepared: &[Prepared], runners: &[Runner], rounds: u32) -> Result<(), Error> {
    let measure = |prepared: &Prepared| Times::measure(prepared, rounds);
    let times: Vec<_> = prepared.iter().map(measure).collect::<Result<_, _>>()?;
    let title = format!("Seconds of the processor, medians of {rounds}");
    print(&title, &speed::seconds(&times, runners));
    let engines = engines(runners);
    print(
        "Millions of instructions a second",
        &speed::speeds(&times, &engines),
    );
    let peers: Vec<_> = runners
        .iter()
        .filter(|runner| !matches!(runner, Runner::Engine(_)))
        .copied()
        .collect();
    if !peers.is_empty() {
        for engine in engines {
            let title = format!("Time of `{}` by that of others", engine.name());
            print(&title, &speed::ratios(&times, engine, &peers));
        }
    }
    Ok(())
}

fn print_instructions(prepared: &[Prepared], runners: &[Runner]) -> Result<(), Error> {
    let counter = match Counter::build() {
        Ok(counter) => counter,
        Err(error) => {
            eprintln!("without instructions of this machine: {error}");
            return Ok(());
        }
    };
    let table = host_instructions::counted(prepared, runners, &counter)?;
    print(
        "Millions of instructions that this machine executes",
        &table,
    );
    Ok(())
}

/// A table, with what the machine did at the same time.
fn print(title: &str, table: &Table) {
    // Linux's; elsewhere nothing is said about it.
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mut averages = load.split_whitespace();
    match averages.next() {
        Some(load) => println!("### {title} (load of the machine: {load})\n\n{table}"),
        None => println!("### {title}\n\n{table}"),
    }
}
