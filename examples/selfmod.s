# A program that rewrites itself.
#
# Instructions are bytes in memory like any others, and a program may store into
# them. This one does it twice: it counts in the operand of a putc, and it puts
# a new instruction into the place of a nop.
#
#       ulm examples/selfmod.s
#       cargo run --release -- examples/selfmod.s       (from a source checkout)

        .equ    PLACE,          1       # address of an instruction
        .equ    LETTER,         2
        .equ    OLD,            3       # an instruction, all four bytes
        .equ    NEW,            4

        .data
        .align  4
star:   .byte   0x69, '*', 0, 0         # putc '*': the opcode, then the operand

        .text

# The alphabet. An instruction is four bytes; the second one of "putc 'A'" is
# its operand. Adding 1 to it gives "putc 'B'", and so on.

        ldzwq   letter,         %PLACE
letter: putc    'A'
        movzbq  1(%PLACE),      %LETTER
        addq    1,              %LETTER,        %LETTER
        movb    %LETTER,        1(%PLACE)
        subq    'Z',            %LETTER,        %0
        jbe     letter
        putc    '\n'

# Two rounds through the same code. In the first one there is a nop in the
# middle of it, in the second one the instruction that was data before.

        ldzwq   star,           %NEW
        movzlq  (%NEW),         %NEW
        ldzwq   middle,         %PLACE

round:  putc    '<'
middle: nop
        putc    '>'
        putc    '\n'

        movzlq  (%PLACE),       %OLD
        subq    %NEW,           %OLD,           %0
        jz      done                            # it has been replaced
        movl    %NEW,           (%PLACE)
        jmp     round

done:   halt    0
