//! The Ulm Lecture Machine: memory, registers, engines, traps, observers.
//!
//! A [`Machine`] is the state: registers, flags, memory, what was read and written. An [`Engine`]
//! makes it run until it stops, and says why in a [`Stop`]; nearly every stop can be resumed. What
//! happens on the way is offered to an [`Observer`]. There are three engines with one
//! meaning: [`ReferenceEngine`] evaluates the effects of the machine's description one by one and is
//! the definition, [`FastEngine`] decodes once, and `JitEngine` (feature `jit`) translates what is
//! executed often to code of the host.
//!
//! ```
//! use ulm_isa::Isa;
//! use ulm_machine::{Engine, FastEngine, Machine, Stop};
//!
//! let mut machine = Machine::new();
//! // ldzwq 42, %1 and halt %1
//! machine.memory_mut().write_bytes(0, &[0x56, 0, 42, 1, 0x01, 1, 0, 0])?;
//! let mut engine = FastEngine::new(Isa::ulm());
//! assert_eq!(engine.run(&mut machine, 100, &mut ()), Stop::Halted(42));
//! assert_eq!(machine.instructions(), 2);
//! # Ok::<(), ulm_machine::Limit>(())
//! ```
//!
//! Nothing here reads a file, prints, or waits: the caller brings input with [`Machine::feed`] and
//! fetches output with [`Machine::take_output`].
//!
//! # What is exact
//!
//! An instruction that traps has not happened: its effects are checked before they are applied,
//! `%IP` stays at it, and it is not counted. The same holds for one that a limit stops. Only an
//! effect of several statements, which the built-in machine has none of, can stop half-way; its
//! earlier statements then stay done, and resuming starts it over. The order of the checks is:
//! instruction limit, budget, breakpoint, misaligned fetch, illegal opcode, operands that can't be
//! (a register past 255), missing input, then whatever the effect runs into.

mod arithmetic;
mod engine;
mod execution;
mod explanations;
mod fast;
#[cfg(feature = "jit")]
mod jit;
mod machine;
mod memory;
mod observer;
mod prepared;
mod reference;
mod stop;

pub use engine::{Breakpoints, Engine};
pub use explanations::EXPLANATIONS;
pub use fast::FastEngine;
#[cfg(feature = "jit")]
pub use jit::{JitEngine, Target, translation};
pub use machine::{
    Flags, Jump, JumpKind, Limits, Machine, PENDING_OUTPUT, READS_PAST_END, RECENT_JUMPS,
};
pub use memory::{Memory, PAGE_BYTES};
pub use observer::Observer;
pub use reference::ReferenceEngine;
pub use stop::{Limit, Stop, Trap, TrapKind};
