# Prints SIZE pseudo-random numbers of 64 bits in decimal, a line each.

        .equ    SIZE,           1000000

# x := x * MULTIPLIER + INCREMENT, modulo 2^64 (Knuth's MMIX generator)
        .equ    MULTIPLIER,     6364136223846793005
        .equ    INCREMENT,      1442695040888963407

# what a function may change: arguments, result, and scratch
        .equ    CALLEE0,        1
        .equ    CALLEE1,        CALLEE0 + 1
        .equ    CALLEE2,        CALLEE1 + 1
        .equ    CALLEE3,        CALLEE2 + 1

# what belongs to the main program
        .equ    CALL,           CALLEE3 + 1
        .equ    RET,            CALL + 1
        .equ    FACTOR,         RET + 1
        .equ    TERM,           FACTOR + 1
        .equ    X,              TERM + 1
        .equ    LEFT,           X + 1           # numbers to print

        .text

        ldzwq   @w3(MULTIPLIER), %FACTOR
        shldwq  @w2(MULTIPLIER), %FACTOR
        shldwq  @w1(MULTIPLIER), %FACTOR
        shldwq  @w0(MULTIPLIER), %FACTOR
        ldzwq   @w3(INCREMENT), %TERM
        shldwq  @w2(INCREMENT), %TERM
        shldwq  @w1(INCREMENT), %TERM
        shldwq  @w0(INCREMENT), %TERM
        ldzwq   1,              %X
        ldzwq   @w1(SIZE),      %LEFT
        shldwq  @w0(SIZE),      %LEFT
next_number:
        imulq   %FACTOR,        %X,             %X
        addq    %TERM,          %X,             %X
        addq    %X,             %0,             %CALLEE0
        ldzwq   print_number,   %CALL
        jmp     %CALL,          %RET
        putc    '\n'
        subq    1,              %LEFT,          %LEFT
        jnz     next_number
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
