# What addition and subtraction do to the flags ZF, CF, SF and OF.
#
# The table that it prints has a line for each addition and subtraction of two
# numbers at the edges of the signed and the unsigned range.
#
#       ZF      the result is 0
#       CF      unsigned: a carry out of an addition, a borrow of a subtraction
#       SF      the top bit of the result: it is negative, read as signed
#       OF      signed: the true result does not fit
#
# Jumps, loads of constants, right shifts and putc leave the flags alone. That
# is why the function print_flags, called after an addition or subtraction,
# still finds the flags of it.
#
#       ulm examples/flags.s
#       cargo run --release -- examples/flags.s         (from a source checkout)

# what a function may change: arguments, result, and scratch
        .equ    CALLEE0,        1
        .equ    CALLEE1,        CALLEE0 + 1
        .equ    CALLEE2,        CALLEE1 + 1
        .equ    CALLEE3,        CALLEE2 + 1

# what belongs to the main program
        .equ    CALL,           CALLEE3 + 1
        .equ    RET,            CALL + 1
        .equ    PAIR,           RET + 1         # address of a pair of operands
        .equ    LEFT,           PAIR + 1
        .equ    RIGHT,          LEFT + 1
        .equ    RESULT,         RIGHT + 1

        .equ    LARGEST,        0x7FFFFFFFFFFFFFFF      # of the signed numbers
        .equ    SMALLEST,       0x8000000000000000
        .equ    MINUS_ONE,      0xFFFFFFFFFFFFFFFF      # unsigned: the largest

        .data
header: .string "ZF CF SF OF\n"

        .align  8
pairs:  .quad   0,              0
        .quad   1,              2
        .quad   2,              1
        .quad   MINUS_ONE,      1
        .quad   1,              MINUS_ONE
        .quad   LARGEST,        1
        .quad   LARGEST,        MINUS_ONE
        .quad   SMALLEST,       1
        .quad   SMALLEST,       SMALLEST
        .quad   0,              SMALLEST
pairs_end:

        .text

        ldzwq   header,         %CALLEE0
        ldzwq   print_text,     %CALL
        jmp     %CALL,          %RET

        ldzwq   pairs,          %PAIR
next_pair:
        movq    0(%PAIR),       %LEFT
        movq    8(%PAIR),       %RIGHT

        # LEFT + RIGHT
        addq    %RIGHT,         %LEFT,          %RESULT
        shrq    0,              %RESULT,        %CALLEE0        # a copy
        ldzwq   print_flags,    %CALL
        jmp     %CALL,          %RET
        addq    %LEFT,          %0,             %CALLEE0
        ldzwq   print_hex,      %CALL
        jmp     %CALL,          %RET
        putc    ' '
        putc    '+'
        putc    ' '
        addq    %RIGHT,         %0,             %CALLEE0
        ldzwq   print_hex,      %CALL
        jmp     %CALL,          %RET
        putc    ' '
        putc    '='
        putc    ' '
        addq    %RESULT,        %0,             %CALLEE0
        ldzwq   print_hex,      %CALL
        jmp     %CALL,          %RET
        putc    '\n'

        # LEFT - RIGHT
        subq    %RIGHT,         %LEFT,          %RESULT
        shrq    0,              %RESULT,        %CALLEE0        # a copy
        ldzwq   print_flags,    %CALL
        jmp     %CALL,          %RET
        addq    %LEFT,          %0,             %CALLEE0
        ldzwq   print_hex,      %CALL
        jmp     %CALL,          %RET
        putc    ' '
        putc    '-'
        putc    ' '
        addq    %RIGHT,         %0,             %CALLEE0
        ldzwq   print_hex,      %CALL
        jmp     %CALL,          %RET
        putc    ' '
        putc    '='
        putc    ' '
        addq    %RESULT,        %0,             %CALLEE0
        ldzwq   print_hex,      %CALL
        jmp     %CALL,          %RET
        putc    '\n'

        addq    16,             %PAIR,          %PAIR
        ldzwq   pairs_end,      %CALLEE0
        subq    %CALLEE0,       %PAIR,          %0
        jb      next_pair

        halt    0

# print_flags(result): prints the flags that it finds at the call, a line of the
# table
#
# There are conditions for ZF alone and for CF alone. There is none for SF, but
# it is the top bit of the result; and jl tells whether SF and OF differ.
#
#   %CALLEE0    the result of the addition or subtraction
#   %CALLEE1    a flag as a character
#   %CALLEE2    1 if SF and OF differ, otherwise 0; then OF
#   %CALLEE3    SF

print_flags:
        putc    ' '
        ldzwq   '1',            %CALLEE1
        jz      .zf_known
        ldzwq   '0',            %CALLEE1
.zf_known:
        putc    %CALLEE1
        putc    ' '
        putc    ' '

        ldzwq   '1',            %CALLEE1
        jb      .cf_known
        ldzwq   '0',            %CALLEE1
.cf_known:
        putc    %CALLEE1
        putc    ' '
        putc    ' '

        ldzwq   1,              %CALLEE2
        jl      .difference_known
        ldzwq   0,              %CALLEE2
.difference_known:
        # from here on the flags may change
        shrq    63,             %CALLEE0,       %CALLEE3
        addq    '0',            %CALLEE3,       %CALLEE1
        putc    %CALLEE1
        putc    ' '
        putc    ' '

        # OF is SF if they don't differ, and the opposite if they do
        addq    %CALLEE3,       %CALLEE2,       %CALLEE2
        ldzwq   1,              %CALLEE1
        andq    %CALLEE1,       %CALLEE2,       %CALLEE2
        addq    '0',            %CALLEE2,       %CALLEE1
        putc    %CALLEE1
        putc    ' '
        putc    ' '
        putc    ' '
        jmp     %RET,           %0

# print_hex(number): prints the 16 hexadecimal digits of a number
#
#   %CALLEE0    the number
#   %CALLEE1    how far to shift it to the right: 60, 56, ... 0
#   %CALLEE2    a digit, then its character
#   %CALLEE3    scratch

        .data
hex_digits:
        .ascii  "0123456789ABCDEF"

        .text
print_hex:
        ldzwq   60,             %CALLEE1
.next_hex_digit:
        shrq    %CALLEE1,       %CALLEE0,       %CALLEE2
        ldzwq   0xF,            %CALLEE3
        andq    %CALLEE3,       %CALLEE2,       %CALLEE2
        ldzwq   hex_digits,     %CALLEE3
        movzbq  (%CALLEE3, %CALLEE2), %CALLEE2
        putc    %CALLEE2
        subq    4,              %CALLEE1,       %CALLEE1
        jae     .next_hex_digit                 # no borrow: 0 or more
        jmp     %RET,           %0

# print_text(string): prints a string
#
#   %CALLEE0    address of the next byte
#   %CALLEE1    the byte

print_text:
        movzbq  (%CALLEE0),     %CALLEE1
        subq    0,              %CALLEE1,       %0
        jz      .text_ends
        putc    %CALLEE1
        addq    1,              %CALLEE0,       %CALLEE0
        jmp     print_text
.text_ends:
        jmp     %RET,           %0
