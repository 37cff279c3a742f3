//! The pages behind `ulmas explain`.
//!
//! The examples are programs, or images for the codes `U06…`; a line `# NAME.s` begins another
//! file. Each wrong one gives exactly its code, each right one no message at all: a test reads
//! them from the text.

use diagnostics::Explanation;

/// A page for each code of this crate.
pub const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: "U0101",
        title: "something is missing, or something else stands there",
        text: "The line breaks off, or goes on with something that can't stand there. The
caret shows where, and the text beside it says what was expected: an operand,
a value, a name, the end of the line.

A common reason is a comma too many.

Wrong:

            addq    1,, %1

Right:

            addq    1, %1, %1
            halt    0",
    },
    Explanation {
        code: "U0102",
        title: "there is no such instruction",
        text: "The machine has no instruction of this name. Most often a letter is wrong, or
the name is that of another machine. Mnemonics are written in lower case, and
most end with the size of what they work on: addq, movq.

`ulm isa manual` prints a manual of all instructions.

Wrong:

            adq     1, %1, %1
            halt    0

Right:

            addq    1, %1, %1
            halt    0",
    },
    Explanation {
        code: "U0103",
        title: "there is no such directive",
        text: "A word that begins with a dot, indented, is a directive: an order to the
assembler itself. There are .text .data .bss .equ .byte .word .long .quad
.string .ascii .space .align .globl .global; other assemblers have others.

Wrong:

            halt    0
            .data
            .int    5

Right:

            halt    0
            .data
            .long   5",
    },
    Explanation {
        code: "U0104",
        title: "missing comma between operands",
        text: r#"Operands are separated by commas. Without one, `%1 %2` would mean the register
with the number "1 modulo 2".

Wrong:

            addq    %1 %2, %3
            halt    0

Right:

            addq    %1, %2, %3
            halt    0"#,
    },
    Explanation {
        code: "U0105",
        title: "the operands are in the wrong order",
        text: "The operands are right, but in another order. An instruction names its sources
first and its destination last; a number that is added, subtracted or loaded
comes first of all.

Wrong:

            addq    %1, 5, %2
            halt    0

Right:

            addq    5, %1, %2
            halt    0",
    },
    Explanation {
        code: "U0106",
        title: "too few operands, or too many",
        text: "The instruction takes another number of operands. The message lists its forms.
The destination is an operand of its own even if it is one of the sources,
too.

Wrong:

            addq    1, %1
            halt    0

Right:

            addq    1, %1, %1
            halt    0",
    },
    Explanation {
        code: "U0107",
        title: "no form of the instruction has these operands",
        text: "The number of operands is right, but not their kind: a register where a number
must stand, or a number where memory must stand. The message says which
operand it is, or lists all forms.

movq and its relatives move between a register and memory: one operand is a
register, the other one is memory, like 8(%1).

Wrong:

            movq    %1, %2
            halt    0

Right:

            addq    0, %1, %2
            halt    0",
    },
    Explanation {
        code: "U0108",
        title: "a register without %",
        text: "A register is written with a percent sign, %1 or %SP. A number or a name alone
is a number.

Wrong:

            movq    8(1), %2
            halt    0

Right:

            movq    8(%1), %2
            halt    0",
    },
    Explanation {
        code: "U0109",
        title: "an instruction or a directive in column 1",
        text: "What begins in column 1 is a label. Instructions and directives are indented.

Wrong:

    halt    0

Right:

            halt    0",
    },
    Explanation {
        code: "U0110",
        title: "an indented label",
        text: "A label begins in column 1, without a blank or a tab before it.

Wrong:

        loop:
            jmp     loop

Right:

    loop:
            jmp     loop",
    },
    Explanation {
        code: "U0111",
        title: "a parenthesis is not closed",
        text: "There is no `)` for a `(`.

Wrong:

            ldzwq   (5 + 3, %1
            halt    0

Right:

            ldzwq   (5 + 3), %1
            halt    0",
    },
    Explanation {
        code: "U0112",
        title: "parentheses or signs are nested too deep",
        text: "Parentheses and signs may nest 256 deep. No program needs that many; a
repeated key or a program that writes programs may have produced them.",
    },
    Explanation {
        code: "U0113",
        title: "an unknown word after @",
        text: "@w0(e), @w1(e), @w2(e) and @w3(e) are the four 16-bit words of the value e,
from the lowest to the highest. There are no others.

Wrong:

    start:  ldzwq   @w4(start), %1
            jmp     start

Right:

    start:  ldzwq   @w0(start), %1
            jmp     start",
    },
    Explanation {
        code: "U0114",
        title: "a word of a word of an address",
        text: "A word was taken from an address with @w0 to @w3, and then a word from that.
Take the one that is meant from the address itself.

Wrong:

    start:  ldzwq   @w0(@w1(start)), %1
            jmp     start

Right:

    start:  ldzwq   @w1(start), %1
            jmp     start",
    },
    Explanation {
        code: "U0115",
        title: "a number that this form does not have",
        text: "Some forms have a fixed number in them. In (%1, %2, 8), the index %2 is
multiplied by the last number; that can be 1, 2, 4 or 8.

Wrong:

            movq    (%1, %2, 3), %3
            halt    0

Right:

            movq    (%1, %2, 4), %3
            halt    0",
    },
    Explanation {
        code: "U0116",
        title: "a closing parenthesis without an opening one",
        text: "There is a `)`, but no `(` before it.

Wrong:

            ldzwq   5 + 3), %1
            halt    0

Right:

            ldzwq   5 + 3, %1
            halt    0",
    },
    Explanation {
        code: "U0201",
        title: "a character that can't stand there",
        text: "The character means nothing in a program. A semicolon does not begin a
comment; `#` and `//` do. Text that was copied from a web page or a word
processor often has characters that only look like ASCII: curly quotes, long
dashes, special blanks. They are allowed in comments and strings alone.

Wrong:

            halt    0       ; the end

Right:

            halt    0       # the end",
    },
    Explanation {
        code: "U0202",
        title: "a string is not closed",
        text: r#"A string ends with a double quote on the line on which it begins. \n stands
for a new line, \" for a quote inside of the string.

Wrong:

            halt    0
            .string "hello

Right:

            halt    0
            .string "hello\n""#,
    },
    Explanation {
        code: "U0203",
        title: "a comment is not closed",
        text: "A comment that begins with /* ends with the next */; there is none up to the
end of the file. So everything behind it is comment. Such comments don't nest.

Wrong:

            halt    0
            /* the end

Right:

            halt    0
            /* the end */",
    },
    Explanation {
        code: "U0204",
        title: "a character is not closed",
        text: "A character stands between two single quotes.

Wrong:

            putc    'a
            halt    0

Right:

            putc    'a'
            halt    0",
    },
    Explanation {
        code: "U0205",
        title: "an unknown escape",
        text: r#"In strings and characters, a backslash begins an escape: \' \" \? \\ \a \b \f
\n \r \t \v, one to three octal digits like \101, or \x and hex digits like
\x41. A backslash itself is written \\.

Wrong:

            putc    '\q'
            halt    0

Right:

            putc    '\n'
            halt    0"#,
    },
    Explanation {
        code: "U0206",
        title: "an escape is more than a byte",
        text: r"A character is one byte. The largest one is \377 in octal, \xFF in hex. In a
string, an octal escape takes three digits at most, but a hex escape takes all
hex digits that follow it.

Wrong:

            putc    '\400'
            halt    0

Right:

            putc    '\377'
            halt    0",
    },
    Explanation {
        code: "U0207",
        title: "a number is too large",
        text: "A number is at most 2^64 - 1 = 18446744073709551615 = 0xFFFFFFFFFFFFFFFF: what
fits into a register.

Wrong:

            halt    0
            .quad   18446744073709551616

Right:

            halt    0
            .quad   18446744073709551615",
    },
    Explanation {
        code: "U0208",
        title: "this is not a number",
        text: "A number is decimal, like 31, hex with 0x, like 0x1F, or octal with a leading
0, like 037. So 08 is not a number: 8 is no octal digit. There are no
fractions.

Wrong:

            putc    08
            halt    0

Right:

            putc    8
            halt    0",
    },
    Explanation {
        code: "U0209",
        title: "no character between the quotes",
        text: "Between single quotes there is exactly one character. A blank is ' '.

Wrong:

            putc    ''
            halt    0

Right:

            putc    ' '
            halt    0",
    },
    Explanation {
        code: "U0210",
        title: "more than a byte between single quotes",
        text: "Between single quotes there is exactly one byte: an ASCII character or an
escape. Letters like ä take two bytes or more in UTF-8. Text, and such
letters, can stand in a string.

Wrong:

            putc    'ab'
            halt    0

Right:

            putc    'a'
            putc    'b'
            halt    0",
    },
    Explanation {
        code: "U0211",
        title: "the file is not UTF-8",
        text: "A source file is text in UTF-8. This one has bytes that are not; often it was
saved as Latin-1 or Windows-1252, or it is not a text at all. Save it as UTF-8
in your editor.",
    },
    Explanation {
        code: "U0212",
        title: "the file is larger than 4 GiB",
        text: "A source file can have at most 4 GiB. Divide it into several files and name
all of them in one call of ulmas; .globl makes a name known to all.",
    },
    Explanation {
        code: "U0301",
        title: "a label or constant is not defined",
        text: "The name is used, but no label and no .equ of this file defines it. Capital
and small letters differ. A name of another file is known here only if that
file has a .globl for it.

Wrong:

    loop:   addq    1, %1, %1
            jnz     lop
            jmp     loop

Right:

    loop:   addq    1, %1, %1
            jnz     loop
            halt    0",
    },
    Explanation {
        code: "U0302",
        title: "a register name is not defined",
        text: "Registers are numbered, %0 to %255. A name behind the percent sign must be
defined by .equ, with the number of the register.

Wrong:

            ldzwq   5, %count
            halt    0

Right:

            .equ    count, 4
            ldzwq   5, %count
            halt    0",
    },
    Explanation {
        code: "U0303",
        title: "a name is defined twice",
        text: "A label has one place, so it can be defined only once, and a name can't be a
label and a constant. (A constant may be defined again by .equ; the new value
counts from there on.)

Wrong:

    loop:   addq    1, %1, %1
    loop:   jnz     loop
            halt    0

Right:

    loop:   addq    1, %1, %1
            jnz     loop
            halt    0",
    },
    Explanation {
        code: "U0304",
        title: "a name is defined in two files",
        text: "A name that is declared .globl is known to all files of one call of ulmas, so
only one of them can define it. Rename one of the two, or remove its .globl:
then it is that file's own.

Wrong:

    # main.s
            .globl  puts
    puts:   jmp     puts
    # library.s
            .globl  puts
    puts:   halt    0

Right:

    # main.s
            jmp     puts
    # library.s
            .globl  puts
    puts:   halt    0",
    },
    Explanation {
        code: "U0305",
        title: "a definition leads back to itself",
        text: "The value of an .equ depends on itself, directly or by way of others. A value
that is to grow can be defined again if it has a value above.

Wrong:

            .equ    A, B + 1
            .equ    B, A
            halt    A

Right:

            .equ    A, 1
            .equ    A, A + 1
            halt    A",
    },
    Explanation {
        code: "U0306",
        title: "a global name is not defined",
        text: ".globl makes a name of this file known to other files. But none of the files
defines it. To use a name of another file, no declaration is needed here: that
file declares it.

Wrong:

            .globl  main
            halt    0

Right:

            .globl  main
    main:   halt    0",
    },
    Explanation {
        code: "U0401",
        title: "a number does not fit",
        text: "An instruction has 32 bits, and a number in it only a part of these: often 8
bits, in ldzwq, ldswq and shldwq 16. The message says what fits. Larger
numbers are loaded into a register first, in pieces of 16 bits if necessary.
Numbers in .byte, .word, .long and .quad have 8, 16, 32 and 64 bits.

Wrong:

            addq    1000, %1, %1
            halt    0

Right:

            ldzwq   1000, %2
            addq    %2, %1, %1
            halt    0",
    },
    Explanation {
        code: "U0402",
        title: "an address does not fit",
        text: "The address is too large for its place. ldzwq has room for 16 bits, so it
reaches the addresses up to 65535. Beyond, an address is put together from its
16-bit words: the highest one first, and shldwq shifts the next one in.

Wrong:

            ldzwq   far, %1
            halt    0
            .data
            .space  70000
    far:    .byte   0

Right:

            ldzwq   @w1(far), %1
            shldwq  @w0(far), %1
            halt    0
            .data
            .space  70000
    far:    .byte   0",
    },
    Explanation {
        code: "U0403",
        title: "there is no register of this number",
        text: "The registers are %0 to %255.

Wrong:

            putc    %256
            halt    0

Right:

            putc    %255
            halt    0",
    },
    Explanation {
        code: "U0404",
        title: "a result needs registers past the last one",
        text: "Some instructions use several registers in a row. divq takes a numerator of
two registers, and leaves the quotient in two and the remainder in a third.
All of them must exist.

Wrong:

            divq    10, %1, %255
            halt    0

Right:

            divq    10, %1, %253
            halt    0",
    },
    Explanation {
        code: "U0405",
        title: "a jump is too far",
        text: "A jump has 24 bits for its distance, counted in instructions: that is 32 MiB
in both directions. To jump further, load the address into a register.

Wrong:

            jmp     0x2000000

Right:

            ldzwq   @w1(far), %1
            shldwq  @w0(far), %1
            jmp     %1, %0
            .space  0x2000000
    far:    halt    0",
    },
    Explanation {
        code: "U0406",
        title: "a jump does not lead to an instruction",
        text: "Instructions are 4 bytes long and stand at multiples of 4. The target of this
jump is between them; probably it is data. If the operand of a jump is a
number, it is the distance in bytes.

Wrong:

            jmp     6
            halt    0
            halt    1

Right:

            jmp     8
            .space  4
            halt    1",
    },
    Explanation {
        code: "U0407",
        title: "division by zero",
        text: "The right side of / or % in this expression is 0.

Wrong:

            .equ    WIDTH, 0
            ldzwq   100 / WIDTH, %1
            halt    0

Right:

            .equ    WIDTH, 5
            ldzwq   100 / WIDTH, %1
            halt    0",
    },
    Explanation {
        code: "U0408",
        title: "the value of an expression is too large",
        text: "Expressions are computed exactly, far beyond 64 bits. This one left even that
range.

Wrong:

            .equ    BIG, 0xFFFFFFFFFFFFFFFF
            .equ    HUGE, BIG * BIG
            halt    0

Right:

            .equ    BIG, 0xFFFFFFFFFFFFFFFF
            .equ    HUGE, BIG * 2
            halt    0",
    },
    Explanation {
        code: "U0409",
        title: "the difference of addresses of two segments",
        text: "The distance of two labels is known if both are in one segment. How far .text,
.data and .bss are apart shows when the program is put together, and that
comes later.

Wrong:

    start:  halt    0
            .data
    msg:    .byte   0
            .quad   msg - start

Right:

    start:  halt    0
            .data
    msg:    .byte   0
            .quad   msg, start",
    },
    Explanation {
        code: "U0410",
        title: "addresses can't be computed with in this way",
        text: "An address plus or minus a number is an address. The difference of two
addresses of one segment is a number. Nothing else can be computed with
addresses before the program is put together: neither a sum of two nor a
product.

Wrong:

    start:  ldzwq   start * 2, %1
            jmp     start

Right:

    start:  ldzwq   start + 2, %1
            jmp     start",
    },
    Explanation {
        code: "U0411",
        title: "an address where a number must stand",
        text: "A label stands for an address. The number of a register, a size, and the
factor in (%1, %2, 8) are numbers. Is a constant meant, or is it the wrong
operand?

Wrong:

    buffer: putc    %buffer
            jmp     buffer

Right:

            .equ    buffer, 4
            putc    %buffer
            halt    0",
    },
    Explanation {
        code: "U0501",
        title: "a size is not known yet",
        text: "The size of .space and .align decides where everything below it goes. So it
can use only what is defined above it.

Wrong:

            halt    0
            .data
            .space  SIZE
            .equ    SIZE, 100

Right:

            .equ    SIZE, 100
            halt    0
            .data
            .space  SIZE",
    },
    Explanation {
        code: "U0502",
        title: "a size that can't be",
        text: ".space needs a number of bytes, 0 or more; .align one from 1. Both are less
than 2^64.

Wrong:

            halt    0
            .align  0

Right:

            halt    0
            .align  8",
    },
    Explanation {
        code: "U0503",
        title: "contents in .bss",
        text: ".bss is memory that is zero when the program starts; the image holds nothing
but its size. Instructions belong into .text, and data with other values than
0 into .data.

Wrong:

            halt    0
            .bss
            .quad   5

Right:

            halt    0
            .data
            .quad   5",
    },
    Explanation {
        code: "U0504",
        title: "the program is larger than the address space",
        text: "All of a program must fit into 2^64 bytes. Probably the operand of .space or
.align is a mistake.

Wrong:

            halt    0
            .bss
            .space  0xFFFFFFFFFFFFFFFF
            .space  0xFFFFFFFFFFFFFFFF

Right:

            halt    0
            .bss
            .space  0xFFFF",
    },
    Explanation {
        code: "U0601",
        title: "the image is empty",
        text: "The file has neither bytes nor headings: there is nothing to run.

Wrong:

    # a comment alone

Right:

    09 00 00 00",
    },
    Explanation {
        code: "U0602",
        title: "this is not an image",
        text: "An image is the text that ulmas writes: headings like #TEXT, and bytes in hex.
This file is something else, perhaps the source of a program. `ulmas -o IMAGE
PROGRAM.s` makes an image of it.

Wrong:

    Hello!

Right:

    #TEXT 4
    0x0000000000000000: 09 00 00 00 #     halt 0",
    },
    Explanation {
        code: "U0603",
        title: "the image is damaged",
        text: "A line of the image can't be read; the message says what is wrong with it.
Images are made by ulmas; if this one was written or changed by hand, there
lies the mistake.

Wrong:

    #TEXT 4
    0x0000000000000000: 09 00 00 0

Right:

    #TEXT 4
    0x0000000000000000: 09 00 00 00",
    },
    Explanation {
        code: "U0604",
        title: "an address of the image goes back",
        text: "The lines of a segment go up: each begins where the one before ends, or behind
that.

Wrong:

    #TEXT 4
    0x0000000000000004: 09 00 00 00
    0x0000000000000000: 09 01 00 00

Right:

    #TEXT 4
    0x0000000000000000: 09 01 00 00
    0x0000000000000004: 09 00 00 00",
    },
    Explanation {
        code: "U0605",
        title: "the image needs something that is not in it",
        text: "A symbol with the kind U in the table of an image is one that nothing defines.
Assemble the file that defines it together with the others.

Wrong:

    #TEXT 4
    0x0000000000000000: 41 00 00 00
    #SYMTAB
    U puts 0x0000000000000000

Right:

    #TEXT 4
    0x0000000000000000: 41 00 00 01
    0x0000000000000004: 09 00 00 00
    #SYMTAB
    t puts 0x0000000000000004",
    },
    Explanation {
        code: "U0701",
        title: "an instruction is never executed",
        text: r"The instruction before always goes somewhere else, and no label leads to this
one. (After `jmp %CALL, %RET`, the program comes back to the next instruction;
after `jmp %RET, %0` it does not.)

Wrong:

    loop:   jmp     loop
            halt    0

Right:

    loop:   getc    %1
            subq    '\n', %1, %0
            jnz     loop
            halt    0",
    },
    Explanation {
        code: "U0702",
        title: "execution runs into data",
        text: r#"Behind this instruction there are data in the text segment. The machine would
execute them as if they were instructions.

Wrong:

            ldzwq   msg, %1
            movzbq  (%1), %2
    msg:    .string "hello"

Right:

            ldzwq   msg, %1
            movzbq  (%1), %2
            halt    0
    msg:    .string "hello""#,
    },
    Explanation {
        code: "U0703",
        title: "execution runs past the end",
        text: "The last instruction goes on behind itself, but nothing is there. The machine
stops with an error at such a place. End the program with a halt, or jump
back.

Wrong:

            putc    'x'

Right:

            putc    'x'
            halt    0",
    },
    Explanation {
        code: "U0704",
        title: "a label is never used",
        text: "Nothing refers to the label. Perhaps it is left over, or another name is used
where it was meant. In column 1, `halt` alone is a label, too, and no
instruction.

Wrong:

    start:  putc    'x'
            halt    0

Right:

            putc    'x'
            halt    0",
    },
    Explanation {
        code: "U0705",
        title: "two names for one register in use at once",
        text: "Two names stand for the same register, and the program uses one of them while
the other one is still in use. What is stored by one name overwrites what the
other one means. To give a register a second name on purpose, define it by the
first: .equ total, sum.

Wrong:

            .equ    i, 4
            .equ    ch, 4
            ldzwq   3, %i
    loop:   getc    %ch
            subq    1, %i, %i
            jnz     loop
            halt    0

Right:

            .equ    i, 4
            .equ    ch, 5
            ldzwq   3, %i
    loop:   getc    %ch
            subq    1, %i, %i
            jnz     loop
            halt    0",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::EXPLANATIONS;

    /// The codes that stand between quotes in a source file of this crate.
    fn codes_in(source: &str) -> impl Iterator<Item = &str> {
        source.split('"').filter(|text| {
            text.len() == 5
                && text.starts_with('U')
                && text[1..].bytes().all(|byte| byte.is_ascii_digit())
        })
    }

    #[test]
    fn every_code_has_a_page_and_every_page_a_code() {
        let codes: BTreeSet<&str> = codes_in(include_str!("error.rs"))
            .chain(codes_in(include_str!("image/read.rs")))
            .collect();
        let pages: BTreeSet<&str> = EXPLANATIONS.iter().map(|page| page.code).collect();
        assert_eq!(codes, pages);
    }

    #[test]
    fn the_pages_are_in_the_order_of_their_codes() {
        assert!(EXPLANATIONS.is_sorted_by(|a, b| a.code < b.code));
    }

    #[test]
    fn no_line_of_a_page_is_longer_than_a_terminal() {
        for page in EXPLANATIONS {
            assert!(page.title.len() <= 70, "{}", page.code);
            for line in page.text.lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", page.code);
            }
        }
    }
}
