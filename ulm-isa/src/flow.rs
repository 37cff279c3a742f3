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
        // The register in which a statement before the jump left the way back.
        let mut kept = None;
        for statement in &self.instruction(decoded.instruction).effect.statements {
            let arguments = &statement.arguments;
            match statement.operation {
                Operation::SetRegister => {
                    let mut is_return_address = false;
                    arguments[0].walk(&mut |part| {
                        is_return_address |= *part == Expression::InstructionPointer;
                    });
                    let register = value(&arguments[1]).and_then(|r| u8::try_from(r).ok());
                    kept = register.filter(|&r| is_return_address && r != 0).or(kept);
                }
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
        if let Some(register) = kept
            && flow.is_jump()
            && !flow.falls_through
        {
            flow.link = Some(register);
            flow.falls_through = true;
        }
        flow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(isa: &Isa, word: u32) -> Flow {
        isa.flow(isa.decode(word).expect("the word is an instruction"))
    }

    #[test]
    fn a_jump_that_keeps_a_return_address_is_a_call() {
        let call = flow(Isa::ulm(), 0x4001_0200);
        assert_eq!((call.link, call.falls_through), (Some(2), true));
        let back = flow(Isa::ulm(), 0x4002_0000);
        assert_eq!((back.link, back.falls_through), (None, false));
    }

    #[test]
    fn a_call_may_be_two_statements() {
        let isa = Isa::parse(
            "J (OP u 8) (link u 4) (to j 20)\n0x01 J\n: call to, %link\n    \
             ulm_setReg(ulm_ipVal() + 4, link); ulm_unconditionalRelJump(to);\n",
        )
        .expect("the description is right");
        let call = flow(&isa, 0x0130_0002);
        assert_eq!(
            (call.link, call.distance, call.falls_through),
            (Some(3), Some(8), true)
        );
        assert!(!flow(&isa, 0x0100_0002).falls_through);
    }

    #[test]
    fn a_conditional_jump_goes_both_ways() {
        let jz = flow(Isa::ulm(), 0x42FF_FFFF);
        assert_eq!((jz.distance, jz.falls_through), (Some(-4), true));
    }
}
