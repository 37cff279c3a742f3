//! The pages behind `explain T…`.

use diagnostics::Explanation;

/// A page for each kind of trap and each limit.
pub const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: "T0101",
        title: "illegal instruction",
        text: "\
The machine read four bytes to execute them, and the first is not the opcode of an instruction.

Most often the program ran past its end: memory that nobody wrote is zero, and 00 is no opcode.
Then a `halt` or a jump is missing:

    ldzwq 1, %1
    addq 1, %1, %1
                        // what comes next is executed, too

Right:

    ldzwq 1, %1
    addq 1, %1, %1
    halt %1

Other ways to get here: text that runs on into data (`.string` and the like belong behind a halt, a
jump, or into `.data`), a jump through a register that holds something else than the address of an
instruction, or a program that has overwritten its own instructions.",
    },
    Explanation {
        code: "T0102",
        title: "division by zero",
        text: "\
The divisor of a division is 0; there is no result that would be right. In `divq %1, %2, %4` the
divisor is the first operand, %1.

    ldzwq 0, %1
    divq %1, %2, %4     // traps

Test a divisor that may be 0 before dividing by it:

    subq 0, %1, %0
    jz no_division
    divq %1, %2, %4",
    },
    Explanation {
        code: "T0103",
        title: "misaligned load",
        text: "\
A load of 2, 4 or 8 bytes needs an address that is a multiple of 2, 4 or 8.

    ldzwq 12, %1
    movq (%1), %2       // 12 is not a multiple of 8

When stepping through an array, the address grows by the size of an element: by 8 for `.quad`, not
by 1. With an index, let the load multiply:

    movq (%array, %i, 8), %2

Data that `.byte` or `.string` comes before may need `.align 8`. Single bytes (`movzbq`, `movsbq`)
can be loaded from anywhere.",
    },
    Explanation {
        code: "T0104",
        title: "misaligned store",
        text: "\
A store of 2, 4 or 8 bytes needs an address that is a multiple of 2, 4 or 8. Nothing was stored.

    ldzwq 12, %1
    movq %2, (%1)       // 12 is not a multiple of 8

When stepping through an array, the address grows by the size of an element: by 8 for `.quad`, not
by 1. With an index, let the store multiply:

    movq %2, (%array, %i, 8)

A stack pointer stays a multiple of 8 if it is only lowered and raised by multiples of 8. Single
bytes (`movb`) can be stored anywhere.",
    },
    Explanation {
        code: "T0105",
        title: "misaligned jump",
        text: "\
Instructions are at addresses that are multiples of 4, so a jump can only go there. The jump was
not taken, and it left no return address.

    addq 1, %CALL, %CALL
    jmp %CALL, %RET     // %CALL no longer holds the address of an instruction

Look for what was written to the register before: an address of data, a return address that was
overwritten by a second call or by a store to the stack, arithmetic with 1 instead of 4.",
    },
    Explanation {
        code: "T0106",
        title: "misaligned fetch",
        text: "\
The instruction pointer is not a multiple of 4. A program can't get there by itself, as its jumps
are checked; the pointer was set from outside, by a debugger for instance.",
    },
    Explanation {
        code: "T0107",
        title: "register past the end",
        text: "\
Some instructions use the register after the one they name, or two of them: `mulq` and `idivq` write
a pair, `divq` reads a pair and writes a triplet. The last register is %255, so

    mulq %1, %2, %255   // would need %256

can't be executed. Name a lower register:

    mulq %1, %2, %254",
    },
    Explanation {
        code: "T0108",
        title: "operand that can't be used",
        text: "\
A field of the instruction word has a value with which the effect in the machine's description has
no meaning: a number of bytes that is not 1, 2, 4 or 8, or an extension that is neither zero nor
sign. The built-in machine has no such words; with `--isa` it depends on the description.

    : load size, (%address), %dest
        ulm_fetch64(0, address, 0, 0, ULM_ZERO_EXT, size, dest);

Here size 3 traps. A size that can only be right: `1 << size` with a field of 2 bits.",
    },
    Explanation {
        code: "T0201",
        title: "instruction limit",
        text: "\
The program executed as many instructions as `--limit` allows and had not ended. Perhaps it never
would: a loop whose condition never comes true,

    loop:
        subq 1, %1, %1
        jmp loop        // jnz was meant

or just a long computation that needs a higher limit.",
    },
    Explanation {
        code: "T0202",
        title: "memory limit",
        text: "\
The program wrote to so many different places that their pages, of 4096 bytes each, would take more
memory than `--max-memory` allows (1G by default). The store was not executed.

Often it is a recursion that does not end, whose stack grows and grows, or a loop that stores and
never stops:

    loop:
        movq %0, (%1)
        addq 8, %1, %1
        jmp loop

Reading takes no memory.",
    },
    Explanation {
        code: "T0203",
        title: "output limit",
        text: "\
The program wrote as many bytes as `--max-output` allows, and wanted to write another one. Often a
loop around `putc` does not end; a text without a terminating zero byte, for example, is followed by
whatever is next in memory.",
    },
    Explanation {
        code: "T0204",
        title: "reading past the end of the input",
        text: "\
`getc` gives 255 at the end of the input, every time. The program asked there 65,536 times in a row,
so it was stopped: it is waiting for something that will not come.

    read:
        getc %1
        subq '\\n', %1, %0
        jnz read            // for ever, if the last line does not end with a newline

Right:

    read:
        getc %1
        subq 255, %1, %0
        jz done
        subq '\\n', %1, %0
        jnz read",
    },
];
