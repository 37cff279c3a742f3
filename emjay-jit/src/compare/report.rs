//! What a comparison found: plain data, from which every format is written, and which is the JSON
//! format as it stands.

use serde::Serialize;

/// A comparison of one program.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The name of the source.
    pub program: String,
    /// The arguments of `main`.
    pub arguments: Vec<i64>,
    /// The level of optimisation, 0 to 2, of the columns that don't have one of their own.
    pub level: u8,
    /// Whether calls of small functions were replaced by their bodies.
    pub inlined: bool,
    /// The lines of the source, from 1.
    pub source: Vec<String>,
    /// Whether all columns gave the same.
    pub agreement: Agreement,
    /// The functions as the generators get them (those of the first column).
    pub ir: Vec<IrFunction>,
    /// What was compared, in the order in which it was asked for.
    pub columns: Vec<Column>,
}

/// Whether all columns gave the same value, output and error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// The judgement.
    pub verdict: Verdict,
    /// In a sentence each: what differs, what could not be run.
    pub notes: Vec<String>,
}

/// The judgement over a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All that ran gave the same.
    Agree,
    /// Some had enough stack and others not, which is no fault of theirs; else they agree.
    StackExhaustedOnOneSide,
    /// They differ: a generator is wrong.
    Differ,
}

/// A function in the IR.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IrFunction {
    /// Its name.
    pub name: String,
    /// Its text.
    pub lines: Vec<IrLine>,
}

/// A line of the IR.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IrLine {
    /// The text, with its indentation.
    pub text: String,
    /// The line of the source that it comes from, from 1.
    pub source_line: Option<u32>,
}

/// A program on one machine, under one convention.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Column {
    /// The name on the command line: `ulm:leaf`.
    pub name: String,
    /// The same for people: `ULM, leaf convention`; with `(auto)` behind it if the convention was
    /// chosen for the program.
    pub title: String,
    /// How it ended; `None` if the code could not be run here (see the agreement's notes).
    pub outcome: Option<Outcome>,
    /// The code of the functions, in the order of the source.
    pub functions: Vec<Listing>,
    /// Code that is none of the program's functions: the entry, the trampoline, the ULM program's
    /// start and the printing of its value.
    pub runtime: Vec<Listing>,
    /// Sums over `functions`, and over the parts of `runtime` that belong to calls (the trampoline).
    pub totals: Totals,
    /// What calls cost.
    pub ledger: Ledger,
    /// One call, step by step; `None` if there is none, or the code could not be watched.
    pub walk: Option<Walk>,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The value of `main`, if it returned.
    pub value: Option<i64>,
    /// What the program wrote, as text; bytes that are no UTF-8 replaced. Of a long output the
    /// beginning, at most 65,536 bytes.
    pub output: String,
    /// How many bytes it wrote.
    pub output_bytes: u64,
    /// The run-time error or limit that ended it, in one line: `E0301: division by zero`.
    pub error: Option<String>,
    /// The line of the source where that happened.
    pub error_line: Option<u32>,
}

/// The code of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// Its name.
    pub name: String,
    /// Its instructions, in the order of their addresses.
    pub lines: Vec<Line>,
    /// How often it was entered; `None` where that can't be counted.
    pub entered: Option<u64>,
    /// Whether totals and ledger count its instructions: those of all functions, and of the
    /// trampoline.
    pub is_counted: bool,
}

/// An instruction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The label that stands before it, if there is one.
    pub label: Option<String>,
    /// Its address, from the beginning of the program's code.
    pub address: u64,
    /// The instruction as text.
    pub text: String,
    /// Its size in bytes.
    pub bytes: u32,
    /// Its part in the procedure linkage.
    pub part: Part,
    /// What it does there.
    pub mechanism: Mechanism,
    /// Whether it saves or restores a register that nobody needs after the call.
    pub needless: bool,
    /// The line of the source that it comes from, from 1.
    pub source_line: Option<u32>,
    /// The function that it calls.
    pub calls: Option<String>,
    /// How often it was executed; `None` where that can't be counted.
    pub executed: Option<u64>,
}

/// A part of the procedure linkage; see [`codegen::Linkage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Caller, before the call.
    Precall,
    /// Callee, at its beginning.
    Prologue,
    /// What the function is for.
    Body,
    /// Callee, at its end.
    Epilogue,
    /// Caller, after the call.
    Postreturn,
}

impl Part {
    /// All parts, in the order in which a call passes them.
    pub const ALL: [Self; 5] = [
        Self::Precall,
        Self::Prologue,
        Self::Body,
        Self::Epilogue,
        Self::Postreturn,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Precall => "precall",
            Self::Prologue => "prologue",
            Self::Body => "body",
            Self::Epilogue => "epilogue",
            Self::Postreturn => "postreturn",
        }
    }
}

impl From<codegen::Linkage> for Part {
    fn from(linkage: codegen::Linkage) -> Self {
        match linkage {
            codegen::Linkage::Precall => Self::Precall,
            codegen::Linkage::Prologue => Self::Prologue,
            codegen::Linkage::Body => Self::Body,
            codegen::Linkage::Epilogue => Self::Epilogue,
            codegen::Linkage::Postreturn => Self::Postreturn,
        }
    }
}

/// What an instruction does towards a call; see [`codegen::Mechanism`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mechanism {
    /// Nothing: it computes.
    Computation,
    /// Brings control there and back.
    ControlTransfer,
    /// Brings arguments there and the result back.
    DataTransfer,
    /// Keeps the states of caller and callee apart.
    StateManagement,
}

impl Mechanism {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Computation,
        Self::ControlTransfer,
        Self::DataTransfer,
        Self::StateManagement,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Computation => "computation",
            Self::ControlTransfer => "control transfer",
            Self::DataTransfer => "data transfer",
            Self::StateManagement => "state management",
        }
    }
}

impl From<codegen::Mechanism> for Mechanism {
    fn from(mechanism: codegen::Mechanism) -> Self {
        match mechanism {
            codegen::Mechanism::Computation => Self::Computation,
            codegen::Mechanism::ControlTransfer => Self::ControlTransfer,
            codegen::Mechanism::DataTransfer => Self::DataTransfer,
            codegen::Mechanism::StateManagement => Self::StateManagement,
        }
    }
}

/// Instructions, as they stand in the code and as they were executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Count {
    /// How many stand in the code.
    pub instructions: u64,
    /// How many were executed; `None` where that can't be counted.
    pub executed: Option<u64>,
}

/// Sums of a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Totals {
    /// All instructions.
    pub instructions: Count,
    /// The size of the code in bytes.
    pub bytes: u64,
    /// Executed instructions that load; `None` where that can't be counted.
    pub loads: Option<u64>,
    /// Executed instructions that store.
    pub stores: Option<u64>,
    /// The deepest stack, in bytes.
    pub stack_bytes: Option<u64>,
    /// Executed calls of the program's functions, that of `main` not included.
    pub calls: Option<u64>,
}

/// What calls cost: every instruction stands in one cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ledger {
    /// A cell for each part and mechanism that has instructions, in the order of parts, then
    /// mechanisms.
    pub cells: Vec<Cell>,
    /// Instructions that save or restore registers that nobody needs after the call.
    pub needless: Count,
    /// The places that call functions of the program, in the order of the code.
    pub sites: Vec<Site>,
}

/// A cell of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cell {
    /// The part.
    pub part: Part,
    /// The mechanism.
    pub mechanism: Mechanism,
    /// Its instructions.
    pub count: Count,
    /// Executed instructions per call of a function of the program; `None` without calls. What
    /// `main` does for the call from outside, and what calls of `putc` and `getc` take, is left out.
    pub per_call: Option<f64>,
}

/// A place that calls.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Site {
    /// The function that calls.
    pub caller: String,
    /// The function that is called.
    pub callee: String,
    /// The line of the source, from 1.
    pub source_line: Option<u32>,
    /// How often it was executed.
    pub executed: Option<u64>,
    /// The instructions of its precall and postreturn in the code, those of the trampoline among
    /// them if the call goes through it.
    pub around: u64,
    /// The instructions of the callee's prologues and epilogues in the code, those of the trampoline
    /// among them.
    pub inside: u64,
    /// Whether its saves include needless ones, and how many instructions these are.
    pub needless: u64,
}

/// One call, step by step: the first that the program makes to one of its functions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Walk {
    /// The function that calls.
    pub caller: String,
    /// The function that is called.
    pub callee: String,
    /// The name of the stack pointer; `None` if the convention does without a stack.
    pub stack_pointer: Option<String>,
    /// The name of the frame pointer, if the convention has one.
    pub frame_pointer: Option<String>,
    /// The stack before the first step: what was written there so far and is not yet given up, the
    /// lowest address first; at most 64 words.
    pub before: Vec<Write>,
    /// The stack pointer before the first step.
    pub before_pointer: u64,
    /// The steps, at most 256: the caller's precall, the callee's prologue, body and epilogue, the
    /// caller's postreturn.
    pub steps: Vec<Step>,
}

/// An executed instruction of a [`Walk`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The listing it stands in: an index into `functions`, or behind those into `runtime`.
    pub listing: usize,
    /// The line there, an index.
    pub line: usize,
    /// The stack pointer after it; 0 without a stack.
    pub pointer: u64,
    /// The frame pointer after it.
    pub frame: Option<u64>,
    /// The registers that it wrote, and what: `("x0", 5)`; those of the stack and the frame not
    /// among them.
    pub registers: Vec<(String, u64)>,
    /// What it, and what was left out before it, wrote to the stack; each address once.
    pub writes: Vec<Write>,
    /// How many instructions were left out before it: calls that the callee makes, and repetitions.
    pub skipped: u64,
}

/// A word on the stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Write {
    /// Its address.
    pub address: u64,
    /// What is there now.
    pub value: u64,
    /// What that is: the register that was stored, `%RET`, or the argument.
    pub name: String,
}
