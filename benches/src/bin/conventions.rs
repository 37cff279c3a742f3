//! Executed instructions under the conventions of the ULM, beside AArch64 and beside what is written
//! by hand.
//!
//! `cargo run --release --no-default-features --bin conventions`. Needs nothing but Rust; the
//! programs that `programs.py` writes are left out where there is no python3.

use std::path::Path;

use benches::executed::{Calls, OnUlm, by_hand, on_aarch64, on_ulm};
use benches::programs::{Program, generated_with_python, written_short};
use emjay_jit::ulm::Convention;

/// Ratios above this are marked.
const NOTABLE: f64 = 1.2;

/// A program that there is by hand, too.
struct Pair {
    name: &'static str,
    arguments: &'static [i64],
    convention: Convention,
    /// The register with the value at the end of the program by hand.
    register: u8,
}

/// Those in the folder `by_hand` of emjay-jit's tests.
const BY_HAND: [Pair; 4] = [
    Pair {
        name: "gcd",
        arguments: &[832_040, 514_229],
        convention: Convention::Leaf,
        register: 1,
    },
    Pair {
        name: "product",
        arguments: &[20],
        convention: Convention::Leaf,
        register: 1,
    },
    Pair {
        name: "factorial",
        arguments: &[20],
        convention: Convention::Stack,
        register: 6,
    },
    Pair {
        name: "fib",
        arguments: &[15],
        convention: Convention::Stack,
        register: 6,
    },
];

fn main() {
    print_comparison();
    println!();
    print_by_hand();
}

fn print_comparison() {
    println!(
        "| program | AArch64 | fused as two | inlined | leaf | ratio | inline | ratio | stack \
         | ratio | of that calls |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    let generated = generated_with_python();
    if generated.is_none() {
        eprintln!("without the programs of programs.py, which needs python3");
    }
    for program in generated.into_iter().flatten().chain(written_short()) {
        println!("{}", row(&program));
    }
}

fn row(program: &Program) -> String {
    let native = |calls| on_aarch64(&program.emjay, &program.arguments, calls);
    let (plain, inlined) = (native(Calls::Kept), native(Calls::Inlined));
    let ulm = |convention| {
        let run = on_ulm(&program.emjay, &program.arguments, convention).ok();
        run.inspect(|run| assert_eq!(run.value, plain.value, "{}", program.name))
    };
    let stack = ulm(Convention::Stack);
    let linkage = stack.map_or_else(absent, |run| run.linkage.to_string());
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {linkage} |",
        title(program),
        plain.instructions,
        plain.instructions + plain.fused,
        inlined.instructions,
        with_ratio(ulm(Convention::Leaf), plain.instructions),
        with_ratio(ulm(Convention::Inline), inlined.instructions),
        with_ratio(stack, plain.instructions),
    )
}

/// `gcd(100)`
fn title(program: &Program) -> String {
    let arguments: Vec<String> = program.arguments.iter().map(i64::to_string).collect();
    format!("{}({})", program.name, arguments.join(", "))
}

/// Two columns.
fn with_ratio(run: Option<OnUlm>, other: u64) -> String {
    match run {
        Some(run) => format!("{} | {}", run.instructions, ratio(run.instructions, other)),
        None => format!("{0} | {0}", absent()),
    }
}

fn ratio(count: u64, other: u64) -> String {
    let ratio = count as f64 / other as f64;
    if ratio > NOTABLE {
        format!("**{ratio:.3}**")
    } else {
        format!("{ratio:.3}")
    }
}

/// Where the convention can't have the program.
fn absent() -> String {
    "–".to_owned()
}

fn print_by_hand() {
    println!("| program | convention | compiled | by hand | ratio |");
    println!("|---|---|---|---|---|");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../emjay-jit/tests/by_hand");
    for pair in BY_HAND {
        let text = |ending: &str| {
            let path = folder.join(format!("{}.{ending}", pair.name));
            std::fs::read_to_string(path).expect("the program is there")
        };
        let (value, hand) = by_hand(text("s"), pair.register);
        let run = on_ulm(&text("emjay"), pair.arguments, pair.convention);
        let run = run.expect("the convention works");
        assert_eq!(run.value, value, "{}", pair.name);
        println!(
            "| {} | {} | {} | {hand} | {} |",
            pair.name,
            pair.convention.name(),
            run.instructions,
            ratio(run.instructions, hand)
        );
    }
}
