//! Where control can go from an instruction, read off its effect.

use crate::effect::{BinaryOperator, Expression, Operation};
use crate::isa::{FieldIndex, INSTRUCTION_BYTES, Isa};
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
        // A register that an earlier statement gave the address of the next instruction.
        let mut kept = None;
        for statement in &self.instruction(decoded.instruction).effect.statements {
            let arguments = &statement.arguments;
            match statement.operation {
                Operation::Halt => {
                    flow.halts = true;
                    flow.falls_through = false;
                    break;
                }
                Operation::SetRegister
                    if from_here(&arguments[0], &value) == Some(INSTRUCTION_BYTES) =>
                {
                    kept = register(value(&arguments[1]));
                }
                Operation::JumpAbsolute => {
                    flow.link = register(value(&arguments[1])).or(kept);
                    flow.is_computed = true;
                    flow.falls_through = flow.link.is_some();
                }
                Operation::SetInstructionPointer => {
                    flow.link = kept;
                    // Where the target depends on the place, it may be the next instruction.
                    let mut is_near = false;
                    arguments[0]
                        .walk(&mut |part| is_near |= *part == Expression::InstructionPointer);
                    match from_here(&arguments[0], &value) {
                        Some(distance) => flow.distance = Some(distance as i64),
                        None => flow.is_computed = true,
                    }
                    flow.falls_through = kept.is_some() || is_near && flow.is_computed;
                }
                Operation::JumpRelative => {
                    flow.link = kept;
                    flow.falls_through = kept.is_some();
                    match value(&arguments[0]) {
                        Some(distance) => flow.distance = Some(distance as i64),
                        None => flow.is_computed = true,
                    }
                }
                Operation::JumpConditional => {
                    flow.link = flow.link.or(kept);
                    match value(&arguments[1]) {
                        Some(distance) => flow.distance = Some(distance as i64),
                        None => flow.is_computed = true,
                    }
                }
                _ => {}
            }
        }
        flow
    }
}

/// The number of a register that keeps what is written to it.
fn register(number: Option<u64>) -> Option<u8> {
    number
        .and_then(|r| u8::try_from(r).ok())
        .filter(|&r| r != 0)
}

/// The distance from the instruction itself, if the expression is its address plus a number that is
/// known from the word.
fn from_here(expression: &Expression, value: &dyn Fn(&Expression) -> Option<u64>) -> Option<u64> {
    let Expression::Binary(operator, a, b) = expression else {
        return (*expression == Expression::InstructionPointer).then_some(0);
    };
    match operator {
        BinaryOperator::Add => match (from_here(a, value), from_here(b, value)) {
            (Some(distance), None) => Some(distance.wrapping_add(value(b)?)),
            (None, Some(distance)) => Some(distance.wrapping_add(value(a)?)),
            _ => None,
        },
        BinaryOperator::Subtract => Some(from_here(a, value)?.wrapping_sub(value(b)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow_of(effect: &str) -> Flow {
        let text = format!("F (OP u 8) (a u 8) (d j 16)\n0x01 F\n: f d, %a\n    {effect}\n");
        let isa = Isa::parse(&text).unwrap();
        isa.flow(isa.decode(0x0105_0003).unwrap())
    }

    #[test]
    fn a_call_made_of_two_statements_keeps_its_link_and_comes_back() {
        let call = flow_of("ulm_setReg(ulm_ipVal() + 4, a); ulm_unconditionalRelJump(d);");
        assert_eq!(call.link, Some(5));
        assert_eq!(call.distance, Some(12));
        assert!(call.falls_through);
    }

    #[test]
    fn a_jump_that_keeps_another_address_is_no_call() {
        let jump = flow_of("ulm_setReg(ulm_ipVal() + 8, a); ulm_unconditionalRelJump(d);");
        assert_eq!(jump.link, None);
        assert!(!jump.falls_through);
    }

    #[test]
    fn a_jump_to_an_address_that_counts_from_here_has_a_distance() {
        let jump = flow_of("ulm_ipSet(8 + ulm_ipVal() + d);");
        assert_eq!(jump.distance, Some(20));
        assert!(!jump.falls_through);
    }

    #[test]
    fn a_jump_that_may_reach_the_next_instruction_may_fall_through() {
        let skip = flow_of("ulm_ipSet(ulm_statusReg[ULM_ZF] ? ulm_ipVal() + 8 : ulm_ipVal() + 4);");
        assert!(skip.is_computed && skip.falls_through);
    }

    #[test]
    fn what_stands_behind_a_halt_goes_nowhere() {
        let halt = flow_of("ulm_halt(0); ulm_unconditionalRelJump(d);");
        assert!(halt.halts && !halt.falls_through && !halt.is_jump());
    }

    #[test]
    fn a_jump_with_register_zero_as_its_link_is_no_call() {
        let isa = Isa::ulm();
        let back = isa.flow(isa.decode(0x4003_0000).unwrap());
        assert_eq!((back.link, back.falls_through), (None, false));
        let call = isa.flow(isa.decode(0x4003_0400).unwrap());
        assert_eq!((call.link, call.falls_through), (Some(4), true));
    }
}
