//! The pages behind `explain I…`.
//!
//! The examples of a page are whole descriptions; tests read them: the wrong one has that error and
//! no other, the right one has none.

use diagnostics::Explanation;

/// The pages behind `explain I…`, in the order of their codes.
pub const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: "I0101",
        title: "something else was expected",
        text: "The line begins well, but at the marked place something stands that does not
fit. The label says what could stand there. The first column of a line decides
what the line is: a comment (`#`), the introduction of a mnemonic (`@`), a form
(`:`), an instruction (a digit), an effect (white space), or else a format.

Wrong:

    IMM (OP u 8) (imm u 8

    0x01 IMM
    : halt imm
        ulm_halt(imm);

Right:

    IMM (OP u 8) (imm u 8)

    0x01 IMM
    : halt imm
        ulm_halt(imm);
",
    },
    Explanation {
        code: "I0102",
        title: "a character without a meaning",
        text: r#"The character is not used by the language. In a form, the operands are the names
of fields, numbers and the punctuation % , ( ) [ ] { } $ @ : and nothing else. A
character may also look like another one: quotation marks and dashes of a word
processor are not those of the keyboard.

Wrong:

    IMM (OP u 8) (imm u 8)

    0x01 IMM
    : halt "imm"
        ulm_halt(imm);

Right:

    IMM (OP u 8) (imm u 8)

    0x01 IMM
    : halt $imm
        ulm_halt(imm);
"#,
    },
    Explanation {
        code: "I0103",
        title: "a comment that is never closed",
        text: "A comment in an effect begins with /* and ends with */, possibly lines later.
Without its end it would swallow the rest of the file.

Wrong:

    NONE (OP u 8)

    0x01 NONE
    : nop
        /* nothing to do ;

Right:

    NONE (OP u 8)

    0x01 NONE
    : nop
        /* nothing to do */ ;
",
    },
    Explanation {
        code: "I0104",
        title: "the number is too large",
        text: "Numbers go up to 2^64 - 1, which is 18446744073709551615 or 0xFFFFFFFFFFFFFFFF.

Wrong:

    R (OP u 8) (x u 8)

    0x01 R
    : ones %x
        ulm_setReg(0x1FFFFFFFFFFFFFFFF, x);

Right:

    R (OP u 8) (x u 8)

    0x01 R
    : ones %x
        ulm_setReg(0xFFFFFFFFFFFFFFFF, x);
",
    },
    Explanation {
        code: "I0105",
        title: "the expression is nested too deep",
        text: "An expression may be nested 200 deep: parentheses, operators before a value, and
also a chain of operators, which groups to the left. No instruction needs more;
a long effect can be several statements.

Right:

    R (OP u 8) (x u 8)

    0x01 R
    : twice %x
        ulm_setReg(ulm_regVal(x) + ulm_regVal(x), x);
",
    },
    Explanation {
        code: "I0201",
        title: "there is no such format",
        text: "Behind its opcode an instruction names its format, and a line further up must
define it: the name, then the fields. Formats are found by their exact name;
capital letters count.

Wrong:

    IMM (OP u 8) (imm u 8)

    0x01 IMN
    : halt imm
        ulm_halt(imm);

Right:

    IMM (OP u 8) (imm u 8)

    0x01 IMM
    : halt imm
        ulm_halt(imm);
",
    },
    Explanation {
        code: "I0202",
        title: "a format is defined twice",
        text: "A name stands for one format. The second definition is reported, with the place
of the first.

Wrong:

    ONE (OP u 8) (x u 8)
    ONE (OP u 8) (x u 4)

    0x01 ONE
    : halt %x
        ulm_halt(ulm_regVal(x));

Right:

    ONE (OP u 8) (x u 8)
    HALF (OP u 8) (x u 4)

    0x01 ONE
    : halt %x
        ulm_halt(ulm_regVal(x));
",
    },
    Explanation {
        code: "I0203",
        title: "the format has no such field",
        text: "A form names fields of the instruction's format; the label lists them. The opcode
is not among them: nobody writes it. Everything in a form is a field, a number
or punctuation, so a plain word that should be written as it stands can't be
one.

Wrong:

    R (OP u 8) (x u 8)

    0x01 R
    : halt %y
        ulm_halt(ulm_regVal(x));

Right:

    R (OP u 8) (x u 8)

    0x01 R
    : halt %x
        ulm_halt(ulm_regVal(x));
",
    },
    Explanation {
        code: "I0204",
        title: "a field stands twice in a format",
        text: "Forms and effects name the fields of a format, so its names must differ.

Wrong:

    RR (OP u 8) (x u 8) (x u 8)

    0x01 RR
    : copy %x, %x
        ulm_setReg(ulm_regVal(x), x);

Right:

    RR (OP u 8) (x u 8) (y u 8)

    0x01 RR
    : copy %x, %y
        ulm_setReg(ulm_regVal(x), y);
",
    },
    Explanation {
        code: "I0205",
        title: "this is no type of field",
        text: "A field is written as (name type bits). The type is u for unsigned numbers and
registers, s for signed numbers in two's complement, j for the distance of a
jump: a signed number of 4-byte words, shown and written in bytes.

Wrong:

    IMM (OP u 8) (imm i 8)

    0x01 IMM
    : halt imm
        ulm_halt(imm);

Right:

    IMM (OP u 8) (imm s 8)

    0x01 IMM
    : halt imm
        ulm_halt(imm);
",
    },
    Explanation {
        code: "I0206",
        title: "a field of no or of too many bits",
        text: "A field has from 1 to 32 bits. An operand of 0 bits is left out of the format.

Wrong:

    IMM (OP u 8) (imm u 0)

    0x01 IMM
    : halt
        ulm_halt(0);

Right:

    NONE (OP u 8)

    0x01 NONE
    : halt
        ulm_halt(0);
",
    },
    Explanation {
        code: "I0207",
        title: "the fields of a format are too wide together",
        text: "An instruction is a word of 32 bits, and its fields have to fit into it. Bits
that remain are unused.

Wrong:

    WIDE (OP u 8) (x u 16) (y u 16)

    0x01 WIDE
    : halt x
        ulm_halt(x);

Right:

    WIDE (OP u 8) (x u 12) (y u 12)

    0x01 WIDE
    : halt x
        ulm_halt(x);
",
    },
    Explanation {
        code: "I0208",
        title: "a format begins with its opcode",
        text: "The first field of each format is called OP and is unsigned: it is what tells the
instructions apart.

Wrong:

    IMM (imm u 8) (OP u 8)

    0x01 IMM
    : halt imm
        ulm_halt(imm);

Right:

    IMM (OP u 8) (imm u 8)

    0x01 IMM
    : halt imm
        ulm_halt(imm);
",
    },
    Explanation {
        code: "I0209",
        title: "opcodes of different widths",
        text: "The machine reads the opcode before it knows the format. So it has the same
number of bits in all formats; the note shows the first of them.

Wrong:

    IMM (OP u 8) (imm u 8)
    NONE (OP u 6)

    0x01 IMM
    : halt imm
        ulm_halt(imm);

Right:

    IMM (OP u 8) (imm u 8)
    NONE (OP u 8)

    0x01 IMM
    : halt imm
        ulm_halt(imm);
",
    },
    Explanation {
        code: "I0301",
        title: "the opcode is taken",
        text: "An opcode stands for one instruction. If two ways to write it are wanted, they
are two forms of the one instruction: two lines with a colon.

Wrong:

    IMM (OP u 8) (imm u 8)

    0x01 IMM
    : halt imm
        ulm_halt(imm);

    0x01 IMM
    : stop imm
        ulm_halt(imm);

Right:

    IMM (OP u 8) (imm u 8)

    0x01 IMM
    : halt imm
    : stop imm
        ulm_halt(imm);
",
    },
    Explanation {
        code: "I0302",
        title: "the opcode does not fit",
        text: "The field OP of the format has a number of bits, and the opcode must fit: with 8
bits it goes from 0x00 to 0xFF.

Wrong:

    IMM (OP u 8) (imm u 8)

    0x100 IMM
    : halt imm
        ulm_halt(imm);

Right:

    IMM (OP u 8) (imm u 8)

    0x10 IMM
    : halt imm
        ulm_halt(imm);
",
    },
    Explanation {
        code: "I0303",
        title: "a form fits two opcodes",
        text: "Some text could be written for either instruction, so the assembler could not
choose. Forms are told apart by their mnemonic, their punctuation (a register
has its `%`) and by the numbers in them, not by the names, types or widths of
fields.

Wrong:

    U (OP u 8) (imm u 8)
    S (OP u 8) (imm s 8)

    0x01 U
    : halt imm
        ulm_halt(imm);

    0x02 S
    : halt imm
        ulm_halt(-imm);

Right:

    U (OP u 8) (imm u 8)
    S (OP u 8) (imm s 8)

    0x01 U
    : halt imm
        ulm_halt(imm);

    0x02 S
    : fail imm
        ulm_halt(-imm);
",
    },
    Explanation {
        code: "I0304",
        title: "an instruction without a form",
        text: "A line that begins with a colon says how the instruction is written in a program.
The disassembler uses the first one; without any, nobody could write the
instruction.

Wrong:

    IMM (OP u 8) (imm u 8)

    0x01 IMM
        ulm_halt(imm);

Right:

    IMM (OP u 8) (imm u 8)

    0x01 IMM
    : halt imm
        ulm_halt(imm);
",
    },
    Explanation {
        code: "I0305",
        title: "an instruction without an effect",
        text: "Indented lines below the forms say what the instruction does. If it does nothing,
an empty statement says so: a semicolon.

Wrong:

    NONE (OP u 8)

    0x01 NONE
    : nop

Right:

    NONE (OP u 8)

    0x01 NONE
    : nop
        ;
",
    },
    Explanation {
        code: "I0306",
        title: "a line that belongs to no instruction",
        text: "Forms and effects belong to the instruction above them, and there is none. Perhaps
its line with opcode and format is missing, or a line that should be something
else begins with white space.

Wrong:

    IMM (OP u 8) (imm u 8)

    : halt imm
        ulm_halt(imm);

    0x02 IMM
    : fail imm
        ulm_halt(-imm);

Right:

    IMM (OP u 8) (imm u 8)

    0x01 IMM
    : halt imm
        ulm_halt(imm);

    0x02 IMM
    : fail imm
        ulm_halt(-imm);
",
    },
    Explanation {
        code: "I0307",
        title: "too many of something",
        text: "There is room for 65535 formats, for 65535 instructions, and for 1024 forms with
the same mnemonic and punctuation that differ only in the numbers in them. A
form with a field in place of the numbers stands for all of them.

Right:

    IMM (OP u 8) (imm u 8)

    0x01 IMM
    : halt imm
        ulm_halt(imm);
",
    },
    Explanation {
        code: "I0308",
        title: "a description without an instruction",
        text: "The text has no instruction at all: perhaps it is the wrong file. An instruction
begins with a line that has its opcode and its format.

Wrong:

    IMM (OP u 8) (imm u 8)

Right:

    IMM (OP u 8) (imm u 8)

    0x01 IMM
    : halt imm
        ulm_halt(imm);
",
    },
    Explanation {
        code: "I0401",
        title: "there is no such effect",
        text: "An effect is a call of something that every machine can do, such as
ulm_setReg(value, register). A value has to be given to something: a statement
that only computes one does nothing, and is not allowed.

Wrong:

    R (OP u 8) (x u 8)

    0x01 R
    : clear %x
        ulm_setRegister(0, x);

Right:

    R (OP u 8) (x u 8)

    0x01 R
    : clear %x
        ulm_setReg(0, x);
",
    },
    Explanation {
        code: "I0402",
        title: "a name that means nothing here",
        text: "A name in an expression is a field of the instruction's format, ULM_ZERO_EXT or
ULM_SIGN_EXT, or one of the functions ulm_regVal(r), ulm_ipVal() and
ulm_readChar(). The label lists what there is.

Wrong:

    R (OP u 8) (x u 8)

    0x01 R
    : clear %x
        ulm_setReg(0, y);

Right:

    R (OP u 8) (x u 8)

    0x01 R
    : clear %x
        ulm_setReg(0, x);
",
    },
    Explanation {
        code: "I0403",
        title: "a wrong number of arguments",
        text: "Each effect and each function takes a fixed number of arguments. The result's
register is the last one: ulm_add64(a, b, d) is %d := b + a.

Wrong:

    RR (OP u 8) (x u 8) (y u 8)

    0x01 RR
    : addq %x, %y
        ulm_add64(ulm_regVal(x), ulm_regVal(y));

Right:

    RR (OP u 8) (x u 8) (y u 8)

    0x01 RR
    : addq %x, %y
        ulm_add64(ulm_regVal(x), ulm_regVal(y), y);
",
    },
    Explanation {
        code: "I0404",
        title: "an argument that is known only at run time",
        text: "Which registers an instruction uses, how many bytes it moves, and how it extends
them must be known from its word: these arguments may be computed from fields
and numbers only. A register's number is its field; ulm_regVal gives its value.

Wrong:

    RR (OP u 8) (x u 8) (y u 8)

    0x01 RR
    : copy %x, %y
        ulm_setReg(ulm_regVal(x), ulm_regVal(y));

Right:

    RR (OP u 8) (x u 8) (y u 8)

    0x01 RR
    : copy %x, %y
        ulm_setReg(ulm_regVal(x), y);
",
    },
    Explanation {
        code: "I0405",
        title: "an argument out of its range",
        text: "Registers are numbered from 0 to 255. A load or store moves 1, 2, 4 or 8 bytes,
and a load extends with ULM_ZERO_EXT or ULM_SIGN_EXT.

Wrong:

    RR (OP u 8) (x u 8) (y u 8)

    0x01 RR
    : get (%x), %y
        ulm_fetch64(0, x, 0, 0, ULM_ZERO_EXT, 3, y);

Right:

    RR (OP u 8) (x u 8) (y u 8)

    0x01 RR
    : get (%x), %y
        ulm_fetch64(0, x, 0, 0, ULM_ZERO_EXT, 4, y);
",
    },
    Explanation {
        code: "I0406",
        title: "there is no such flag",
        text: "The flags are ULM_ZF (zero), ULM_CF (carry), ULM_SF (sign) and ULM_OF (signed
overflow). ulm_statusReg[ULM_ZF] is 1 if the flag is set, else 0.

Wrong:

    J (OP u 8) (distance j 24)

    0x01 J
    : jz distance
        ulm_conditionalRelJump(ulm_statusReg[ULM_Z], distance);

Right:

    J (OP u 8) (distance j 24)

    0x01 J
    : jz distance
        ulm_conditionalRelJump(ulm_statusReg[ULM_ZF], distance);
",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Isa, IsaError};

    /// The indented block below a line, without its indentation.
    fn example(page: &Explanation, heading: &str) -> Option<String> {
        let (_, rest) = page.text.split_once(&format!("\n{heading}\n\n"))?;
        let lines = rest
            .lines()
            .take_while(|line| line.is_empty() || line.starts_with("    "));
        Some(
            lines
                .map(|line| line.get(4..).unwrap_or("").to_owned() + "\n")
                .collect(),
        )
    }

    fn codes(errors: &[IsaError]) -> Vec<&'static str> {
        errors.iter().map(|error| error.kind.code()).collect()
    }

    #[test]
    fn the_right_example_of_each_page_is_right() {
        for page in EXPLANATIONS {
            let text = example(page, "Right:").expect(page.code);
            assert_eq!(Isa::parse(&text).err(), None, "{}", page.code);
        }
    }

    #[test]
    fn the_wrong_example_of_each_page_has_its_error_and_no_other() {
        for page in EXPLANATIONS {
            let Some(text) = example(page, "Wrong:") else {
                // What is too long for an example.
                assert!(["I0105", "I0307"].contains(&page.code), "{}", page.code);
                continue;
            };
            let errors = Isa::parse(&text).err().unwrap_or_default();
            assert_eq!(codes(&errors), [page.code]);
        }
    }

    #[test]
    fn the_pages_are_sorted_and_each_has_a_title_of_one_line() {
        assert!(EXPLANATIONS.is_sorted_by(|a, b| a.code < b.code));
        assert!(EXPLANATIONS.iter().all(|page| !page.title.contains('\n')));
    }
}
