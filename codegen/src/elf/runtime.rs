//! What an executable brings along besides the program: functions in IR, and small pieces of code
//! that no IR can say.

use super::ElfError;
use super::layout::{self, state};
use crate::context::EXIT_SITE;
use crate::ir::{Callee, Function, FunctionId, ImportId, Module, Op, text};
use crate::link::Architecture;

/// The functions, in IR with names for numbers.
const TEXT: &str = include_str!("runtime.ir");

/// How often a program may read behind the end of its input.
const MOST_READS_PAST_END: u64 = 65_536;

/// The messages at the beginning of the table, in this order; those of the sites follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    InputEnded,
    WrongArguments,
    NotANumber,
    Exhausted,
}

impl Message {
    pub(super) const ALL: [Self; 4] = [
        Self::InputEnded,
        Self::WrongArguments,
        Self::NotANumber,
        Self::Exhausted,
    ];
}

/// Code that no IR can say. It has numbers in the module as functions have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stub {
    /// Where the process begins: calls `start` with the stack pointer.
    Begin,
    /// The import `system(number, a, b, c)`: a system call.
    System,
    /// The import `enter()`: runs the program's function.
    Enter,
    /// The program's import `putc(byte)`.
    Putc,
    /// The program's import `getc()`.
    Getc,
}

impl Stub {
    pub(super) const ALL: [Self; 5] = [
        Self::Begin,
        Self::System,
        Self::Enter,
        Self::Putc,
        Self::Getc,
    ];
}

/// A program with its run-time support, as IR.
#[derive(Debug)]
pub(super) struct Runtime {
    /// The program's functions, those of the support, and the stubs without instructions.
    pub(super) module: Module,
    /// The first function of the support.
    first: u32,
    /// The first stub.
    stubs: u32,
    /// The stub of each import.
    pub(super) imports: Vec<Stub>,
}

impl Runtime {
    /// Adds the support to a program.
    pub(super) fn of(program: &Module, architecture: Architecture) -> Result<Self, ElfError> {
        let mut imports = program
            .imports
            .iter()
            .map(|import| match (import.name.as_str(), import.parameters) {
                ("putc", 1) => Ok(Stub::Putc),
                ("getc", 0) => Ok(Stub::Getc),
                _ => Err(ElfError::UnknownImport(import.name.clone())),
            })
            .collect::<Result<Vec<_>, _>>()?;
        imports.extend([Stub::System, Stub::Enter]);

        let mut module = program.clone();
        let first = module.functions.len() as u32;
        let first_import = module.imports.len() as u32;
        let mut support = support(architecture);
        for function in &mut support.functions {
            renumber_callees(function, first, first_import);
        }
        module.functions.append(&mut support.functions);
        module.imports.append(&mut support.imports);
        let stubs = module.functions.len() as u32;
        let names = Stub::ALL.map(|stub| Function::new(format!("{stub:?}"), 0));
        module.functions.extend(names);
        Ok(Self {
            module,
            first,
            stubs,
            imports,
        })
    }

    /// The functions of the support.
    pub(super) fn functions(&self) -> impl Iterator<Item = FunctionId> + use<> {
        (self.first..self.stubs).map(FunctionId)
    }

    /// A function of the support, which has this name.
    pub(super) fn function(&self, name: &str) -> FunctionId {
        let found = self
            .functions()
            .find(|id| self.module.functions[id.index()].name == name);
        found.expect("the support has the functions that are asked for")
    }

    /// The number of a stub.
    pub(super) fn stub(&self, stub: Stub) -> FunctionId {
        FunctionId(self.stubs + stub as u32)
    }
}

/// The functions of the support, as a module of their own.
fn support(architecture: Architecture) -> Module {
    let mut text = String::from(TEXT);
    // No name is the beginning of one that stands behind it.
    for (name, number) in numbers(architecture) {
        text = text.replace(&format!("${name}"), &number.to_string());
    }
    text::parse(&text).expect("the support is right: tests run it")
}

/// What the names in the text stand for.
fn numbers(architecture: Architecture) -> Vec<(&'static str, u64)> {
    let [exit, read, write] = match architecture {
        // linux/include/uapi/asm-generic/unistd.h: exit_group, read, write
        Architecture::Aarch64 => [94, 63, 64],
        // linux/arch/x86/entry/syscalls/syscall_64.tbl
        Architecture::X86_64 => [231, 0, 1],
    };
    vec![
        ("SYSTEM_EXIT", exit),
        ("SYSTEM_READ", read),
        ("SYSTEM_WRITE", write),
        ("STATE", layout::STATE),
        ("CONTEXT", layout::CONTEXT),
        ("EXIT_SITE", u64::from(EXIT_SITE)),
        ("OUTPUT_LENGTH", state::OUTPUT_LENGTH),
        ("OUTPUT", layout::OUTPUT),
        ("INPUT_POSITION", state::INPUT_POSITION),
        ("INPUT_LENGTH", state::INPUT_LENGTH),
        ("INPUT", layout::INPUT),
        ("BUFFER_SIZE", layout::BUFFER_SIZE),
        ("READS_PAST_END", state::READS_PAST_END),
        ("MOST_READS_PAST_END", MOST_READS_PAST_END),
        ("NUMBER", state::NUMBER),
        ("STACK", state::STACK),
        ("TABLE_LENGTH", state::TABLE_LENGTH),
        ("TABLE", state::TABLE),
        ("PARAMETERS", state::PARAMETERS),
        ("IN_REGISTERS", state::IN_REGISTERS),
        ("REFUSED", state::REFUSED),
        ("ARGUMENTS", layout::ARGUMENTS),
        ("DIGITS_END", layout::STATE + state::DIGITS_END),
        ("MESSAGE_INPUT_ENDED", Message::InputEnded as u64),
        ("MESSAGE_WRONG_ARGUMENTS", Message::WrongArguments as u64),
        ("MESSAGE_NOT_A_NUMBER", Message::NotANumber as u64),
        ("MESSAGE_EXHAUSTED", Message::Exhausted as u64),
        ("FIRST_SITE", Message::ALL.len() as u64),
    ]
}

/// Adds what comes before in the module to the numbers of callees.
fn renumber_callees(function: &mut Function, functions: u32, imports: u32) {
    for instruction in &mut function.instructions {
        if let Op::Call { callee, .. } = &mut instruction.op {
            *callee = match *callee {
                Callee::Function(id) => Callee::Function(FunctionId(id.0 + functions)),
                Callee::Import(id) => Callee::Import(ImportId(id.0 + imports)),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::verify::verify;

    #[test]
    fn the_support_is_valid_for_both_machines() {
        for architecture in [Architecture::Aarch64, Architecture::X86_64] {
            let module = support(architecture);
            verify(&module).expect("the support is valid");
        }
    }

    #[test]
    fn an_import_that_the_support_lacks_is_named() {
        let program = text::parse("import rand/0\n").expect("it parses");
        let error = Runtime::of(&program, Architecture::X86_64).expect_err("nobody has it");
        assert_eq!(error, ElfError::UnknownImport(String::from("rand")));
    }
}
