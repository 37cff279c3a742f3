//! What a program executes, instruction by instruction: in the simulator of AArch64, and on the ULM.

use std::iter::zip;

use codegen::Linkage;
use codegen::aarch64::decode;
use codegen::aarch64::instruction::Instruction;
use codegen::execution::Outcome;
use codegen::ir::Module;
use codegen::link::{Architecture, Linked};
use codegen::passes::Level;
use codegen::simulated::{SimulationOptions, simulate_observed};
use diagnostics::{FileId, Sources};
use emjay_jit::backend::Backend;
use emjay_jit::ulm::{Convention, Options, Program as UlmProgram, Refusal, compile};
use ulm_isa::Isa;
use ulm_machine::{Engine, FastEngine, Machine, Observer, Stop};
use ulmas::image::Image;

/// Whether calls of small functions are replaced by their bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// Every call that the source has is executed.
    Kept,
    /// Those of small functions are not.
    Inlined,
}

/// A run on AArch64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnAarch64 {
    /// The value of `main`.
    pub value: i64,
    /// The instructions of the functions; what enters the code is none of them.
    pub instructions: u64,
    /// Those among them that multiply and add, or subtract, at once.
    pub fused: u64,
}

/// A run on the ULM, up to where the value of `main` is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnUlm {
    /// The value of `main`.
    pub value: i64,
    /// All instructions.
    pub instructions: u64,
    /// Those among them that belong to calls, and to no body of a function.
    pub linkage: u64,
}

/// A source as the front end leaves it.
struct Lowered {
    sources: Sources,
    file: FileId,
    module: Module,
}

impl Lowered {
    fn new(source: &str) -> Self {
        let mut sources = Sources::new();
        let file = sources.add("program.emjay", source);
        let program = emjay_jit::compile(&sources, file, emjay_jit::Options::default());
        let module = program.expect("the source is right").module;
        Self {
            sources,
            file,
            module,
        }
    }
}

/// Runs `main` of an emjay source in the simulator, optimised as far as that goes. Recursive calls
/// stay calls, as they do on the ULM.
///
/// # Panics
///
/// If the source is wrong, or has no `main`, or that doesn't return.
pub fn on_aarch64(source: &str, arguments: &[i64], calls: Calls) -> OnAarch64 {
    let Lowered { mut module, .. } = Lowered::new(source);
    let backend = Backend {
        inline: calls == Calls::Inlined,
        jumps_instead_of_recursion: false,
        ..Backend::new(Architecture::Aarch64, Level::Full)
    };
    backend.optimise(&mut module);
    let linked = backend.link(&module, backend.generate(&module));
    let linked = linked.expect("it can be linked");
    let main = module.find("main").expect("there is a main");
    let mut counts = vec![0; linked.code_size() / 4];
    let options = SimulationOptions::default();
    let run = simulate_observed(&linked, main, arguments, &mut (), &options, &mut counts);
    let outcome = run.expect("the code is right").outcome;
    let Outcome::Returned(value) = outcome else {
        panic!("main doesn't return: {outcome:?}");
    };
    let executed = || zip(words_of_functions(&linked), &counts).filter(|((of, _), _)| *of);
    OnAarch64 {
        value,
        instructions: executed().map(|(_, count)| count).sum(),
        fused: executed()
            .filter(|((_, word), _)| is_fused(*word))
            .map(|(_, count)| count)
            .sum(),
    }
}

/// The words of the code, and whether each one belongs to a function.
fn words_of_functions(linked: &Linked) -> Vec<(bool, u32)> {
    let bytes = linked.relocated(0);
    let (words, _) = bytes[..linked.code_size()].as_chunks::<4>();
    let mut words: Vec<_> = words
        .iter()
        .map(|&word| (false, u32::from_le_bytes(word)))
        .collect();
    for function in linked.functions() {
        for word in &mut words[function.start as usize / 4..function.end as usize / 4] {
            word.0 = true;
        }
    }
    words
}

/// Whether an instruction does what takes the ULM two: `madd` and `msub`, unless they are `mul` and
/// `mneg`.
fn is_fused(word: u32) -> bool {
    matches!(
        decode(word),
        Some(Instruction::Madd { .. } | Instruction::Msub { .. })
    )
}

/// Runs `main` of an emjay source on the ULM, optimised as far as that goes; calls are inlined under
/// [`Convention::Inline`] only.
///
/// # Errors
///
/// Why the program can't be had under the convention.
///
/// # Panics
///
/// If the source is wrong, or has no `main`, or its value is not reached.
pub fn on_ulm(source: &str, arguments: &[i64], convention: Convention) -> Result<OnUlm, Refusal> {
    let Lowered {
        sources,
        file,
        mut module,
    } = Lowered::new(source);
    let options = Options {
        convention,
        inline: false,
        arguments,
        ..Options::default()
    };
    let main = module.find("main");
    let program = compile(&mut module, main, &options)?;
    let (address, register) = program.value().expect("there is a main");
    let image = assembled(program.text(&module, &sources, file));
    let mut counts = Counts(vec![0; program.size() as usize / 4]);
    let machine = execute(&image, Some(address), &mut counts);
    Ok(OnUlm {
        value: machine.register(register) as i64,
        instructions: machine.instructions(),
        linkage: executed_for_calls(&program, &counts),
    })
}

/// Runs assembly text that ends with a value in a register; the halt doesn't count.
///
/// # Panics
///
/// If the text is wrong, or doesn't halt with 0.
pub fn by_hand(text: String, register: u8) -> (i64, u64) {
    let machine = execute(&assembled(text), None, &mut ());
    (
        machine.register(register) as i64,
        machine.instructions() - 1,
    )
}

fn assembled(text: String) -> Image {
    let mut sources = Sources::new();
    let file = sources.add("program.s", text);
    let assembly = ulmas::assemble(Isa::ulm(), &sources, &[file]);
    assembly.image.expect("the program is right")
}

/// The machine at a breakpoint, or at the end.
fn execute(image: &Image, breakpoint: Option<u64>, observer: &mut impl Observer) -> Machine {
    let mut machine = Machine::new();
    machine.load(image).expect("there is enough memory");
    let mut engine = FastEngine::new(Isa::ulm());
    if let Some(address) = breakpoint {
        engine.breakpoints_mut().insert(address);
    }
    let stop = engine.run(&mut machine, u64::MAX, observer);
    assert!(
        matches!(stop, Stop::Halted(0) | Stop::Breakpoint(_)),
        "{stop:?}"
    );
    machine
}

/// How often each word of a program was executed; programs begin at address 0.
struct Counts(Vec<u64>);

impl Observer for Counts {
    fn begin(&mut self, ip: u64, _: u32) {
        if let Some(count) = self.0.get_mut((ip / 4) as usize) {
            *count += 1;
        }
    }
}

fn executed_for_calls(program: &UlmProgram, counts: &Counts) -> u64 {
    let mut sum = 0;
    for section in &program.sections {
        let counts = &counts.0[section.address as usize / 4..];
        for (origin, count) in zip(&section.assembly.origins, counts) {
            if origin.linkage != Linkage::Body {
                sum += count;
            }
        }
    }
    sum
}
