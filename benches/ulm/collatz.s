# The longest Collatz sequence that begins below SIZE: its first number, and its steps.

        .equ    SIZE,           400000

# what a function may change: arguments, result, and scratch
        .equ    CALLEE0,        1
        .equ    CALLEE1,        CALLEE0 + 1
        .equ    CALLEE2,        CALLEE1 + 1
        .equ    CALLEE3,        CALLEE2 + 1

# what belongs to the main program
        .equ    CALL,           CALLEE3 + 1
        .equ    RET,            CALL + 1
        .equ    LIMIT,          RET + 1
        .equ    ONE,            LIMIT + 1       # andq has no immediate
        .equ    START,          ONE + 1
        .equ    N,              START + 1
        .equ    STEPS,          N + 1
        .equ    BEST,           STEPS + 1       # steps of the longest sequence so far
        .equ    BEST_START,     BEST + 1        # where it begins

        .text

        ldzwq   @w1(SIZE),      %LIMIT
        shldwq  @w0(SIZE),      %LIMIT
        ldzwq   1,              %ONE
        ldzwq   0,              %BEST
        ldzwq   1,              %BEST_START
        ldzwq   2,              %START
next_start:
        addq    %START,         %0,             %N
        ldzwq   0,              %STEPS
next_step:
        addq    1,              %STEPS,         %STEPS
        andq    %ONE,           %N,             %0
        jnz     odd
        shrq    1,              %N,             %N
        subq    1,              %N,             %0
        jnz     next_step
        jmp     reached_one
odd:
        imulq   3,              %N,             %N
        addq    1,              %N,             %N
        jmp     next_step       # 3N + 1 is no 1

reached_one:
        subq    %BEST,          %STEPS,         %0
        jbe     advance
        addq    %STEPS,         %0,             %BEST
        addq    %START,         %0,             %BEST_START
advance:
        addq    1,              %START,         %START
        subq    %LIMIT,         %START,         %0
        jb      next_start

        addq    %BEST_START,    %0,             %CALLEE0
        ldzwq   print_number,   %CALL
        jmp     %CALL,          %RET
        putc    '\n'
        addq    %BEST,          %0,             %CALLEE0
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
