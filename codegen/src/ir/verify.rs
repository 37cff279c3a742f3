//! Whether a module is valid: all that passes, generators and the interpreter rely on.
//!
//! The rules stand at the head of [`ir`](super); beyond them every number must lead to what it
//! names. The first thing that is wrong is reported.

use std::collections::HashSet;
use std::fmt::{self, Display, Formatter};

use thiserror::Error;

use super::flow::Flow;
use super::{
    Block, BlockId, Callee, Exit, ExitId, Function, FunctionId, ImportId, Instruction, List,
    Module, Op, Target, Value,
};
use crate::origin::{Place, PlaceId};

/// The largest number of values of a function.
pub const MAX_VALUES: u32 = 1 << 24;
/// The largest number of parameters of a function.
pub const MAX_PARAMETERS: u32 = 1 << 16;
/// The largest number of parameters of an import.
pub const MAX_IMPORT_PARAMETERS: u32 = 4;

/// What is wrong with a module, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{position}{kind}")]
pub struct VerifyError {
    /// Where.
    pub position: Position,
    /// What.
    pub kind: VerifyErrorKind,
}

/// A place in a module, as exact as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Position {
    /// The name of the function.
    pub function: Option<String>,
    /// The block.
    pub block: Option<BlockId>,
    /// The instruction, by its position in the function.
    pub instruction: Option<usize>,
}

impl Display for Position {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(function) = &self.function {
            write!(f, "{function}: ")?;
        }
        match (self.block, self.instruction) {
            (Some(block), Some(instruction)) => write!(f, "b{}, {instruction}: ", block.0),
            (Some(block), None) => write!(f, "b{}: ", block.0),
            _ => Ok(()),
        }
    }
}

/// What can be wrong with a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VerifyErrorKind {
    /// An import with more than [`MAX_IMPORT_PARAMETERS`].
    #[error("import {0:?} has more than {MAX_IMPORT_PARAMETERS} parameters")]
    ImportParameters(ImportId),
    /// An import with the name of an earlier one.
    #[error("import {0:?} has the name of another")]
    ImportName(ImportId),
    /// More than [`MAX_VALUES`].
    #[error("there are more than {MAX_VALUES} values")]
    TooManyValues,
    /// More than [`MAX_PARAMETERS`].
    #[error("there are more than {MAX_PARAMETERS} parameters")]
    TooManyParameters,
    /// No block, not even the entry.
    #[error("there is no block")]
    NoBlock,
    /// The list that is valid in every function isn't there or isn't empty.
    #[error("the first list is not the empty one")]
    EmptyList,
    /// The first place is not `Unknown`.
    #[error("the first place is not the unknown one")]
    UnknownPlace,
    /// A place that refers to one that doesn't stand before it, or to no function of the module.
    #[error("place {} refers to nothing before it", .0.0)]
    InlinedPlace(PlaceId),
    /// Blocks that leave a gap, overlap, or reach past the instructions.
    #[error("the blocks do not follow each other without gaps")]
    Layout,
    /// Instructions behind the last block.
    #[error("instructions follow the last block")]
    Leftover,
    /// A block without a terminator at its end.
    #[error("the block does not end with a terminator")]
    NoTerminator,
    /// A terminator that is not the last instruction of its block.
    #[error("a terminator stands within the block")]
    EarlyTerminator,
    /// Parameters of the entry block.
    #[error("the entry block has parameters")]
    EntryParameters,
    /// A jump to the entry block.
    #[error("the entry block is jumped to")]
    EntryTarget,
    /// A list that isn't within [`Function::lists`].
    #[error("there is no list {}", .0.0)]
    NoList(List),
    /// A value that isn't below [`Function::values`].
    #[error("there is no value {0}")]
    NoValue(Value),
    /// A block that isn't there.
    #[error("there is no block b{}", .0.0)]
    NoTarget(BlockId),
    /// An exit that isn't there.
    #[error("there is no exit {}", .0.0)]
    NoExit(ExitId),
    /// A place that isn't there.
    #[error("there is no place {}", .0.0)]
    NoPlace(PlaceId),
    /// A function that isn't there.
    #[error("there is no function {}", .0.0)]
    NoFunction(FunctionId),
    /// An import that isn't there.
    #[error("there is no import {}", .0.0)]
    NoImport(ImportId),
    /// An argument that the function doesn't get.
    #[error("there is no argument a{0}")]
    NoArgument(u32),
    /// An argument fetched outside the entry block.
    #[error("an argument is fetched outside the entry block")]
    ArgumentBlock,
    /// A check of the stack that isn't the first instruction of the function.
    #[error("the check of the stack is not the first instruction")]
    StackCheck,
    /// A call of a function that has an exit: only an import can end the program.
    #[error("the call of a function has an exit")]
    CallExit,
    /// A call or a target with a wrong number of arguments.
    #[error("{expected} arguments are expected, {given} are given")]
    Arguments {
        /// How many parameters there are.
        expected: u32,
        /// How many arguments are given.
        given: u32,
    },
    /// A wide division without three results and three operands.
    #[error("a wide division has three results and three operands")]
    WideDivide,
    /// A value that is defined twice.
    #[error("{0} is defined twice")]
    DefinedTwice(Value),
    /// A value that is used and defined nowhere.
    #[error("{0} is not defined")]
    Undefined(Value),
    /// A value that is used where its definition has not happened, or may not have.
    #[error("{0} is used where it may not have been defined")]
    NotDominated(Value),
}

/// Whether a module is valid.
///
/// # Errors
///
/// The first thing that is wrong.
pub fn verify(module: &Module) -> Result<(), VerifyError> {
    verify_imports(module).map_err(|kind| VerifyError {
        position: Position::default(),
        kind,
    })?;
    let mut functions = module.functions.iter();
    functions.try_for_each(|function| verify_function(module, function))
}

fn verify_imports(module: &Module) -> Check {
    let mut names = HashSet::new();
    for (index, import) in module.imports.iter().enumerate() {
        let id = ImportId(index as u32);
        let few = import.parameters <= MAX_IMPORT_PARAMETERS;
        ensure(few, VerifyErrorKind::ImportParameters(id))?;
        let is_new = names.insert(import.name.as_str());
        ensure(is_new, VerifyErrorKind::ImportName(id))?;
    }
    Ok(())
}

/// Whether a function is valid as part of a module.
///
/// # Errors
///
/// The first thing that is wrong.
pub fn verify_function(module: &Module, function: &Function) -> Result<(), VerifyError> {
    let mut verifier = Verifier {
        module,
        function,
        block: None,
        instruction: None,
    };
    verifier.verify().map_err(|kind| VerifyError {
        position: Position {
            function: Some(function.name.clone()),
            block: verifier.block,
            instruction: verifier.instruction,
        },
        kind,
    })
}

type Check = Result<(), VerifyErrorKind>;

struct Verifier<'a> {
    module: &'a Module,
    function: &'a Function,
    /// What is being looked at.
    block: Option<BlockId>,
    instruction: Option<usize>,
}

impl Verifier<'_> {
    fn verify(&mut self) -> Check {
        self.tables()?;
        self.layout()?;
        self.each_block(Self::block_parameters)?;
        self.each_instruction(|verifier, _, instruction| verifier.names(instruction))?;
        let definitions = self.definitions()?;
        let flow = Flow::of(self.function);
        self.each_instruction(|verifier, at, instruction| {
            verifier.uses(&definitions, &flow, at, &instruction.op)
        })
    }

    /// Calls `check` with every block.
    fn each_block(&mut self, mut check: impl FnMut(&mut Self, Block) -> Check) -> Check {
        for (index, &block) in self.function.blocks.iter().enumerate() {
            self.block = Some(BlockId(index as u32));
            check(self, block)?;
        }
        self.block = None;
        Ok(())
    }

    /// Calls `check` with every instruction and its position.
    fn each_instruction(
        &mut self,
        mut check: impl FnMut(&Self, usize, &Instruction) -> Check,
    ) -> Check {
        self.each_block(|verifier, block| {
            for at in block.range() {
                verifier.instruction = Some(at);
                check(verifier, at, &verifier.function.instructions[at])?;
            }
            verifier.instruction = None;
            Ok(())
        })
    }

    /// What doesn't belong to a block: numbers, lists, exits, places.
    fn tables(&self) -> Check {
        let function = self.function;
        ensure(
            function.values <= MAX_VALUES,
            VerifyErrorKind::TooManyValues,
        )?;
        ensure(
            function.parameters <= MAX_PARAMETERS,
            VerifyErrorKind::TooManyParameters,
        )?;
        ensure(
            function.lists.first() == Some(&0),
            VerifyErrorKind::EmptyList,
        )?;
        for &Exit { values, .. } in &function.exits {
            self.list(values)?;
        }
        ensure(
            function.places.first() == Some(&Place::Unknown),
            VerifyErrorKind::UnknownPlace,
        )?;
        for (index, place) in function.places.iter().enumerate() {
            if let &Place::Inlined {
                place,
                callee,
                call,
            } = place
            {
                let known = place.0.max(call.0) < index as u32
                    && (callee as usize) < self.module.functions.len();
                let place = PlaceId(index as u32);
                ensure(known, VerifyErrorKind::InlinedPlace(place))?;
            }
        }
        Ok(())
    }

    /// The blocks' order and their ends.
    fn layout(&mut self) -> Check {
        let instructions = &self.function.instructions;
        ensure(!self.function.blocks.is_empty(), VerifyErrorKind::NoBlock)?;
        let mut end = 0;
        self.each_block(|verifier, block| {
            let in_order = block.start == end && block.start <= block.end;
            let inside = block.end as usize <= instructions.len();
            ensure(in_order && inside, VerifyErrorKind::Layout)?;
            end = block.end;
            let terminator = |instruction: &Instruction| instruction.op.is_terminator();
            let first = instructions[block.range()].iter().position(terminator);
            let Some(first) = first else {
                return Err(VerifyErrorKind::NoTerminator);
            };
            let position = block.start as usize + first;
            if position + 1 < block.end as usize {
                verifier.instruction = Some(position);
                return Err(VerifyErrorKind::EarlyTerminator);
            }
            Ok(())
        })?;
        let all = end as usize == instructions.len();
        ensure(all, VerifyErrorKind::Leftover)
    }

    fn block_parameters(&mut self, block: Block) -> Check {
        self.list(block.parameters)?;
        let is_entry = self.block == Some(BlockId::ENTRY);
        let without = self.function.list(block.parameters).len() == 0;
        ensure(!is_entry || without, VerifyErrorKind::EntryParameters)
    }

    /// Whether all that an instruction names is there, and as many as there should be.
    fn names(&self, instruction: &Instruction) -> Check {
        let op = &instruction.op;
        let place = instruction.origin.place;
        let known = (place.0 as usize) < self.function.places.len();
        ensure(known, VerifyErrorKind::NoPlace(place))?;
        if let Some(exit) = op.exit() {
            let known = exit.index() < self.function.exits.len();
            ensure(known, VerifyErrorKind::NoExit(exit))?;
        }
        match *op {
            Op::Argument { index, .. } => self.argument(index)?,
            Op::WideDivide {
                results, operands, ..
            } => {
                let [results, operands] = [self.list(results)?, self.list(operands)?];
                ensure(results == 3 && operands == 3, VerifyErrorKind::WideDivide)?;
            }
            Op::Call {
                callee,
                arguments,
                exit,
                ..
            } => self.call(callee, arguments, exit)?,
            Op::StackCheck { .. } => {
                let first = self.instruction == Some(0);
                ensure(first, VerifyErrorKind::StackCheck)?;
            }
            Op::Jump { target } => self.target(target)?,
            Op::Branch {
                then, otherwise, ..
            } => {
                self.target(then)?;
                self.target(otherwise)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn argument(&self, index: u32) -> Check {
        let known = index < self.function.parameters;
        ensure(known, VerifyErrorKind::NoArgument(index))?;
        let in_entry = self.block == Some(BlockId::ENTRY);
        ensure(in_entry, VerifyErrorKind::ArgumentBlock)
    }

    fn call(&self, callee: Callee, arguments: List, exit: Option<ExitId>) -> Check {
        let expected = match callee {
            Callee::Function(id) => {
                let function = self.module.functions.get(id.index());
                ensure(exit.is_none(), VerifyErrorKind::CallExit)?;
                function.ok_or(VerifyErrorKind::NoFunction(id))?.parameters
            }
            Callee::Import(id) => {
                let import = self.module.imports.get(id.index());
                import.ok_or(VerifyErrorKind::NoImport(id))?.parameters
            }
        };
        self.count(arguments, expected)
    }

    fn target(&self, target: Target) -> Check {
        let block = self.function.blocks.get(target.block.index());
        let block = block.ok_or(VerifyErrorKind::NoTarget(target.block))?;
        let is_entry = target.block == BlockId::ENTRY;
        ensure(!is_entry, VerifyErrorKind::EntryTarget)?;
        let expected = self.function.list(block.parameters).len() as u32;
        self.count(target.arguments, expected)
    }

    /// Whether a list of arguments has as many values as expected.
    fn count(&self, arguments: List, expected: u32) -> Check {
        let given = self.list(arguments)?;
        ensure(
            given == expected,
            VerifyErrorKind::Arguments { expected, given },
        )
    }

    /// The length of a list, which must lie within the table.
    fn list(&self, list: List) -> Result<u32, VerifyErrorKind> {
        let rest = self.function.lists.get(list.0 as usize..);
        let len = rest.and_then(|rest| rest.split_first());
        match len {
            Some((&len, values)) if len as usize <= values.len() => Ok(len),
            _ => Err(VerifyErrorKind::NoList(list)),
        }
    }

    fn value(&self, value: Value) -> Check {
        let known = value.0 < self.function.values;
        ensure(known, VerifyErrorKind::NoValue(value))
    }

    /// Where each value is defined.
    fn definitions(&mut self) -> Result<Definitions, VerifyErrorKind> {
        let mut definitions = Definitions::new(self.function.values);
        self.each_block(|verifier, block| {
            let id = verifier.block.unwrap_or(BlockId::ENTRY);
            for parameter in verifier.function.list(block.parameters) {
                verifier.value(parameter)?;
                definitions.add(parameter, id, block.start)?;
            }
            for at in block.range() {
                verifier.instruction = Some(at);
                let mut result = Ok(());
                let op = &verifier.function.instructions[at].op;
                verifier.function.visit_results(op, |value| {
                    let defined = verifier
                        .value(value)
                        .and_then(|()| definitions.add(value, id, at as u32 + 1));
                    result = result.and(defined);
                });
                result?;
            }
            verifier.instruction = None;
            Ok(())
        })?;
        Ok(definitions)
    }

    /// Whether what an instruction reads has been defined, whichever way control came.
    fn uses(&self, definitions: &Definitions, flow: &Flow, at: usize, op: &Op) -> Check {
        let block = self.block.unwrap_or(BlockId::ENTRY);
        let mut result = Ok(());
        self.function.visit_uses(op, |value| {
            let used = self.value(value).and_then(|()| {
                let definition = definitions.get(value);
                let (defined_in, from) = definition.ok_or(VerifyErrorKind::Undefined(value))?;
                let defined = if defined_in == block {
                    from as usize <= at || !flow.is_reachable(block)
                } else {
                    flow.dominates(defined_in, block)
                };
                ensure(defined, VerifyErrorKind::NotDominated(value))
            });
            result = result.and(used);
        });
        result
    }
}

/// Where the values of a function are defined.
struct Definitions {
    /// By value: the block.
    blocks: Vec<BlockId>,
    /// By value: 1 more than the first instruction that may use it; 0 if it isn't defined.
    from: Vec<u32>,
}

impl Definitions {
    fn new(values: u32) -> Self {
        Self {
            blocks: vec![BlockId::ENTRY; values as usize],
            from: vec![0; values as usize],
        }
    }

    /// Adds a value that is defined in a block before an instruction.
    fn add(&mut self, value: Value, block: BlockId, before: u32) -> Check {
        let from = &mut self.from[value.index()];
        ensure(*from == 0, VerifyErrorKind::DefinedTwice(value))?;
        *from = before + 1;
        self.blocks[value.index()] = block;
        Ok(())
    }

    /// The block in which a value is defined, and the first instruction that may use it.
    fn get(&self, value: Value) -> Option<(BlockId, u32)> {
        let from = self.from[value.index()].checked_sub(1)?;
        Some((self.blocks[value.index()], from))
    }
}

fn ensure(condition: bool, kind: VerifyErrorKind) -> Check {
    if condition { Ok(()) } else { Err(kind) }
}
