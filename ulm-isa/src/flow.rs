//! Where control can go from an instruction, read off its effect.

use crate::effect::{Expression, Operation};
use crate::isa::{FieldIndex, Isa};
use crate::word::Decoded;

/// Where control goes after an instruction that doesn't trap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flow {
    /// It may go on to the next instruction. A call does: its callee comes back there.
    pub falls_through: bool,
    /// It may jump by this distance in bytes.
    pub distance: Option<i64>,
    /// It may jump to an address that is known only when it runs.
    pub is_computed: bool,
    /// The register that gets the address of the next instruction: it is a call.
    pub link: Option<u8>,
    /// It may end the program.
    pub halts: bool,
}

impl Flow {
    /// Whether control may go elsewhere than to the next instruction.
    pub fn is_jump(self) -> bool {
        self.distance.is_some() || self.is_computed
    }
}

impl Isa {
    /// Where control can go from a decoded word.
    pub fn flow(&self, decoded: Decoded) -> Flow {
        let format = self.format_of(decoded.instruction);
        let field = |f: FieldIndex| decoded.field(format, f);
        let value = |e: &Expression| e.evaluate_static(&field);
        let mut flow = Flow {
            falls_through: true,
            ..Flow::default()
        };
        for statement in &self.instruction(decoded.instruction).effect.statements {
            let arguments = &statement.arguments;
            match statement.operation {
                Operation::Halt => {
                    flow.halts = true;
                    flow.falls_through = false;
                    break;
                }
                Operation::JumpAbsolute => {
                    let link = value(&arguments[1]).and_then(|r| u8::try_from(r).ok());
                    flow.link = link.filter(|&r| r != 0);
                    flow.is_computed = true;
                    flow.falls_through = flow.link.is_some();
                }
                Operation::SetInstructionPointer => {
                    flow.is_computed = true;
                    flow.falls_through = false;
                }
                Operation::JumpRelative => {
                    flow.falls_through = false;
                    match value(&arguments[0]) {
                        Some(distance) => flow.distance = Some(distance as i64),
                        None => flow.is_computed = true,
                    }
                }
                Operation::JumpConditional => match value(&arguments[1]) {
                    Some(distance) => flow.distance = Some(distance as i64),
                    None => flow.is_computed = true,
                },
                _ => {}
            }
        }
        flow
    }
}
