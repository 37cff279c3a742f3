# Two counting loops in each other, SIZE times SIZE, with a sum that no closed form gives.

        .equ    SIZE,           7746

# what a function may change: arguments, result, and scratch
        .equ    CALLEE0,        1
        .equ    CALLEE1,        CALLEE0 + 1
        .equ    CALLEE2,        CALLEE1 + 1
        .equ    CALLEE3,        CALLEE2 + 1

# what belongs to the main program
        .equ    CALL,           CALLEE3 + 1
        .equ    RET,            CALL + 1
        .equ    LIMIT,          RET + 1
        .equ    I,              LIMIT + 1
        .equ    J,              I + 1
        .equ    TERM,           J + 1
        .equ    SUM,            TERM + 1

        .text

        ldzwq   @w1(SIZE),      %LIMIT
        shldwq  @w0(SIZE),      %LIMIT
        ldzwq   0,              %SUM
        ldzwq   0,              %I
outer:
        ldzwq   0,              %J
inner:
        andq    %I,             %J,             %TERM
        addq    %TERM,          %SUM,           %SUM
        addq    1,              %J,             %J
        subq    %LIMIT,         %J,             %0
        jb      inner
        addq    1,              %I,             %I
        subq    %LIMIT,         %I,             %0
        jb      outer

        addq    %SUM,           %0,             %CALLEE0
        ldzwq   print_number,   %CALL
        jmp     %CALL,          %RET
        putc    '\n'
        halt    0

# print_number(number): prints an unsigned number in decimal
#
#   %CALLEE0    the number, low half of the numerator; then the quotient
#   %CALLEE1    high half, always 0
#   %CALLEE2    the remainder, then a digit as a character
#   %CALLEE3    address of the digit; the last digit is found first

print_number:
        ldzwq   digits_end,     %CALLEE3
        movb    %0,             (%CALLEE3)      # ends the digits
        ldzwq   0,              %CALLEE1
.next_digit:
        divq    10,             %CALLEE0,       %CALLEE0
        addq    '0',            %CALLEE2,       %CALLEE2
        subq    1,              %CALLEE3,       %CALLEE3
        movb    %CALLEE2,       (%CALLEE3)
        subq    0,              %CALLEE0,       %0
        jnz     .next_digit
.print_digit:
        putc    %CALLEE2
        addq    1,              %CALLEE3,       %CALLEE3
        movzbq  (%CALLEE3),     %CALLEE2
        subq    0,              %CALLEE2,       %0
        jnz     .print_digit
        jmp     %RET,           %0

        .bss
        .space  20                      # 2^64 - 1 has 20 digits
digits_end:
        .space  1                       # and a 0 behind them
