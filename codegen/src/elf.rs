//! Executables for Linux: static, without any library.
//!
//! Besides the program's code an executable has what it needs to run on its own: a start that reads
//! the arguments of the program's function from the command line, input and output with buffers, the
//! printing of the result, and a message for each place where the code may leave. Most of that is IR,
//! compiled like the program.

mod image;
mod layout;
mod runtime;
mod stubs;

use thiserror::Error;

use crate::context::{IMPORTS, STACK_LIMIT};
use crate::execution::Activation;
use crate::ir::{FunctionId, Module};
use crate::link::{self, Architecture, LinkError, Linked, StackNeed, link};
use crate::machine::CodeUnit;
use crate::{aarch64, x86_64};
use layout::state;
use runtime::{Message, Runtime, Stub};

/// How an executable is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How the program's code is joined.
    pub link: link::Options,
    /// The stack for the program, in bytes.
    pub stack: u64,
}

/// What an executable says to its user when it ends before its time, and its status then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Written to the standard error as it is.
    pub text: Vec<u8>,
    /// The exit status.
    pub status: u8,
}

/// The reports of an executable.
pub trait Messages {
    /// The code has left.
    fn exit(&self, reason: u32, activation: Activation) -> Report;
    /// The stack is exhausted where no exit says it.
    fn exhausted(&self) -> Report;
    /// The program has read 65,536 times behind the end of its input.
    fn input_ended(&self) -> Report;
    /// The command line has the wrong number of arguments.
    fn wrong_arguments(&self) -> Report;
    /// An argument is not a number, or too large a number.
    fn not_a_number(&self) -> Report;
}

/// Why there is no executable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ElfError {
    /// The code can't be joined.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The program calls something that executables don't have.
    #[error("an executable has nothing outside that is called `{0}`")]
    UnknownImport(String),
    /// There is no code of the function that shall be run.
    #[error("there is no code of function {}", .0.0)]
    NoCode(FunctionId),
    /// The stack would grow without a bound.
    #[error("functions call each other in a circle in which nobody checks the stack")]
    UncheckedRecursion,
    /// The stack has no room in the address space.
    #[error("a stack of {0} bytes is too large")]
    StackTooLarge(u64),
}

/// The bytes of stack below the limit for the imports and for signals.
const RESERVE: u64 = 64 << 10;

/// The largest stack: with everything else it has to lie in the smallest address space.
const LARGEST_STACK: u64 = 1 << 38;

/// Makes an executable that runs `main` with the numbers of its command line and prints the result.
/// `units` are the functions of the module, or those that `main` needs.
pub fn write(
    module: &Module,
    units: Vec<CodeUnit>,
    main: FunctionId,
    options: &Options,
    messages: &dyn Messages,
) -> Result<Vec<u8>, ElfError> {
    let architecture = options.link.architecture;
    let runtime = Runtime::of(module, architecture)?;
    let mut units = units;
    if !units.iter().any(|unit| unit.id == main) {
        return Err(ElfError::NoCode(main));
    }
    units.extend(
        runtime
            .functions()
            .map(|id| generate(&runtime.module, id, architecture)),
    );
    units.extend(stubs::assemble(&runtime, architecture, main));
    let linked = link(&runtime.module, units, &options.link)?;
    let stack = Stack::of(&linked, main, options.stack)?;

    let table = Table::of(&linked, messages);
    let code_end = layout::CODE_IN_FILE + linked.size() as u64;
    let table_in_file = code_end.next_multiple_of(16);
    let (table_bytes, entries) = table.bytes(layout::CODE_SEGMENT + table_in_file);
    let file = table_in_file + table_bytes.len() as u64;

    let begin = address(&linked, runtime.stub(Stub::Begin));
    let mut bytes = image::header(architecture, begin, file, stack.size);
    bytes.resize(layout::DATA_IN_FILE as usize, 0);
    let mut data = Data(vec![0; layout::DATA_SIZE as usize]);
    data.set(
        layout::STATE + state::TABLE,
        layout::CODE_SEGMENT + table_in_file,
    );
    data.set(layout::STATE + state::TABLE_LENGTH, entries);
    data.set_stack(&stack);
    data.set_program(&linked, &runtime, main);
    bytes.extend(data.0);
    bytes.resize(layout::CODE_IN_FILE as usize, 0);
    bytes.extend(linked.relocated(layout::CODE));
    bytes.resize(table_in_file as usize, 0);
    bytes.extend(table_bytes);
    Ok(bytes)
}

/// The code of a function of the run-time support.
fn generate(module: &Module, id: FunctionId, architecture: Architecture) -> CodeUnit {
    match architecture {
        Architecture::Aarch64 => {
            let options = aarch64::Options::default();
            aarch64::encode(&aarch64::generate(module, id, &options))
        }
        Architecture::X86_64 => {
            let options = x86_64::Options::default();
            x86_64::encode(&x86_64::generate(module, id, &options))
        }
    }
}

/// Where a function or a stub lies in the executable.
fn address(linked: &Linked, id: FunctionId) -> u64 {
    let function = linked.function(id).expect("everything has been linked");
    layout::CODE + u64::from(function.start)
}

/// The stack of an executable.
#[derive(Debug, Clone, Copy)]
struct Stack {
    /// All its bytes.
    size: u64,
    /// The address at which checks find it exhausted.
    limit: u64,
    /// Where it begins: the address of the arguments on it.
    start: u64,
    /// Whether the program surely needs more.
    refused: bool,
}

impl Stack {
    fn of(linked: &Linked, main: FunctionId, size: u64) -> Result<Self, ElfError> {
        let need = linked.stack_need(main).ok_or(ElfError::NoCode(main))?;
        let refused = match need {
            StackNeed::Unchecked => return Err(ElfError::UncheckedRecursion),
            StackNeed::Bounded(bytes) => bytes > size,
            StackNeed::Checked => false,
        };
        let link = linked.options();
        let in_registers = link.architecture.register_arguments(link.calls) as u64;
        let parameters = u64::from(linked.parameters(main).unwrap_or(0));
        let arguments = (8 * parameters.saturating_sub(in_registers)).next_multiple_of(16);
        let below = linked.head_room().saturating_add(RESERVE);
        let whole = size.saturating_add(arguments).saturating_add(below);
        if whole > LARGEST_STACK {
            return Err(ElfError::StackTooLarge(size));
        }
        let whole = whole.next_multiple_of(64 << 10);
        let start = layout::STACK_BOTTOM + whole - arguments;
        Ok(Self {
            size: whole,
            limit: start - size,
            start,
            refused,
        })
    }
}

/// What the data begins with.
struct Data(Vec<u8>);

impl Data {
    /// Writes the word at an address.
    fn set(&mut self, address: u64, value: u64) {
        let at = (address - layout::DATA) as usize;
        self.0[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }

    fn set_stack(&mut self, stack: &Stack) {
        self.set(layout::CONTEXT + u64::from(STACK_LIMIT), stack.limit);
        self.set(layout::STATE + state::STACK, stack.start);
        self.set(layout::STATE + state::REFUSED, u64::from(stack.refused));
    }

    fn set_program(&mut self, linked: &Linked, runtime: &Runtime, main: FunctionId) {
        let link = linked.options();
        let in_registers = link.architecture.register_arguments(link.calls);
        self.set(layout::STATE + state::IN_REGISTERS, in_registers as u64);
        let parameters = linked.parameters(main).unwrap_or(0);
        self.set(layout::STATE + state::PARAMETERS, u64::from(parameters));
        let slots = (layout::CONTEXT + u64::from(IMPORTS)..).step_by(8);
        for (slot, &stub) in slots.zip(&runtime.imports) {
            self.set(slot, address(linked, runtime.stub(stub)));
        }
    }
}

/// The messages, and where the code leaves for each of them.
struct Table {
    /// The address of the site and the report; 0 for those that are not of a site. Ascending.
    entries: Vec<(u64, Report)>,
}

impl Table {
    /// The bytes of an entry: site, address and length of the text, status.
    const ENTRY: u64 = 32;

    fn of(linked: &Linked, messages: &dyn Messages) -> Self {
        let general = Message::ALL.map(|message| match message {
            Message::InputEnded => messages.input_ended(),
            Message::WrongArguments => messages.wrong_arguments(),
            Message::NotANumber => messages.not_a_number(),
            Message::Exhausted => messages.exhausted(),
        });
        let mut entries: Vec<_> = general.into_iter().map(|report| (0, report)).collect();
        if let Some(site) = linked.trampoline_site() {
            entries.push((layout::CODE + u64::from(site), messages.exhausted()));
        }
        for function in linked.functions() {
            for site in &function.exits {
                let activation = Activation {
                    function: function.id,
                    place: site.origin.place,
                };
                let reason = function.reasons[site.exit.index()];
                let address = layout::CODE + u64::from(function.start + site.at);
                entries.push((address, messages.exit(reason, activation)));
            }
        }
        Self { entries }
    }

    /// The table for an address, with the texts behind it, and the number of its entries.
    fn bytes(&self, address: u64) -> (Vec<u8>, u64) {
        let count = self.entries.len() as u64;
        let mut text = address + Self::ENTRY * count;
        let mut bytes = Vec::new();
        for (site, report) in &self.entries {
            let length = report.text.len() as u64;
            for word in [*site, text, length, u64::from(report.status)] {
                bytes.extend(word.to_le_bytes());
            }
            text += length;
        }
        for (_, report) in &self.entries {
            bytes.extend(&report.text);
        }
        (bytes, count)
    }
}
