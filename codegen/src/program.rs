//! What a run of linked code needs, on the processor as in the simulator: a stack of the right size,
//! and the arguments in their places.

use thiserror::Error;

use crate::context::ENTRY_ARGUMENTS;
use crate::execution::{Activation, Departure, Outcome};
use crate::ir::FunctionId;
use crate::link::{Linked, StackNeed};
use crate::origin::PlaceId;

/// What a program may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunOptions {
    /// The stack, in bytes.
    pub stack: usize,
}

impl Default for RunOptions {
    /// 64 MiB of stack.
    fn default() -> Self {
        Self { stack: 64 << 20 }
    }
}

/// Why a function can't be run.
#[derive(Debug, Error)]
pub enum RunError {
    /// There is no code of it.
    #[error("there is no code of function {}", .0.0)]
    NoCode(FunctionId),
    /// The number of arguments is wrong.
    #[error("the function takes {expected} arguments, not {given}")]
    WrongArguments {
        /// How many it has.
        expected: u32,
        /// How many there were.
        given: usize,
    },
    /// The stack would grow without a bound.
    #[error("functions call each other in a circle in which nobody checks the stack")]
    UncheckedRecursion,
    /// There is no memory for the stack.
    #[error("there is no memory for a stack of {bytes} bytes: {error}")]
    NoStack {
        /// The size, with what the host needs.
        bytes: usize,
        /// What the system says.
        error: std::io::Error,
    },
    /// The stack is smaller than what the function surely needs.
    #[error("the function needs {needed} bytes of stack; there are {room}")]
    StackTooSmall {
        /// The bytes that it needs.
        needed: u64,
        /// The bytes that there are.
        room: u64,
    },
    /// The code left where it can't leave: it has been changed, or a generator is wrong.
    #[error("the code left at {site:#x}, where there is no exit")]
    UnknownSite {
        /// The address.
        site: u64,
    },
}

/// A run that can begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Start {
    /// The offset of the function in the code.
    pub(crate) function: u32,
    /// What may be in registers of the arguments.
    pub(crate) registers: [i64; ENTRY_ARGUMENTS],
    /// The arguments that stand on the stack, lowest address first.
    pub(crate) on_stack: Vec<i64>,
    /// The bytes of stack from the limit up, the arguments on it included; a multiple of 16.
    pub(crate) above_limit: usize,
    /// The bytes that have to be free below the limit.
    pub(crate) below_limit: usize,
}

/// Whether and how a run can begin: if the stack can't be enough, its outcome is known already.
#[derive(Debug)]
pub(crate) enum Prepared {
    /// It can.
    Start(Start),
    /// It can't.
    Ended(Outcome),
}

/// Looks at function, arguments and stack.
pub(crate) fn prepare(
    linked: &Linked,
    id: FunctionId,
    arguments: &[i64],
    options: RunOptions,
) -> Result<Prepared, RunError> {
    let function = linked.function(id).ok_or(RunError::NoCode(id))?;
    let expected = linked.parameters(id).ok_or(RunError::NoCode(id))?;
    if arguments.len() != expected as usize {
        let given = arguments.len();
        return Err(RunError::WrongArguments { expected, given });
    }
    match linked.stack_need(id).ok_or(RunError::NoCode(id))? {
        StackNeed::Unchecked => return Err(RunError::UncheckedRecursion),
        StackNeed::Bounded(bytes) if bytes > options.stack as u64 => {
            return Ok(Prepared::Ended(exhausted_at_once(linked, id)));
        }
        StackNeed::Bounded(_) | StackNeed::Checked => {}
    }
    let link = linked.options();
    let in_registers = link.architecture.register_arguments(link.calls);
    let mut registers = [0; ENTRY_ARGUMENTS];
    for (register, argument) in registers.iter_mut().zip(arguments) {
        *register = *argument;
    }
    let on_stack = arguments.get(in_registers..).unwrap_or_default().to_vec();
    let above_limit = (8 * on_stack.len()).saturating_add(options.stack);
    Ok(Prepared::Start(Start {
        function: function.start,
        registers,
        on_stack,
        above_limit: above_limit
            .checked_next_multiple_of(16)
            .unwrap_or(usize::MAX),
        below_limit: usize::try_from(linked.head_room()).unwrap_or(usize::MAX),
    }))
}

/// What happens where the stack is smaller than a function surely needs.
fn exhausted_at_once(linked: &Linked, function: FunctionId) -> Outcome {
    Outcome::Left(Departure {
        reason: linked.options().exhausted,
        values: Vec::new(),
        calls: vec![Activation {
            function,
            place: PlaceId::default(),
        }],
        depth: 1,
    })
}
