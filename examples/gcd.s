# Euclid's algorithm: the greatest common divisor of two numbers.
#
# As long as the second number is not 0, the pair (a, b) becomes (b, a mod b).
# This leaves the common divisors as they are, and the numbers shrink.
#
#       ulm examples/gcd.s
#       cargo run --release -- examples/gcd.s           (from a source checkout)

# the two numbers, 0 to 65535 each; try others
        .equ    A,              1071
        .equ    B,              462

# what a function may change: arguments, result, and scratch
        .equ    CALLEE0,        1
        .equ    CALLEE1,        CALLEE0 + 1
        .equ    CALLEE2,        CALLEE1 + 1
        .equ    CALLEE3,        CALLEE2 + 1

# what belongs to the main program
        .equ    CALL,           CALLEE3 + 1
        .equ    RET,            CALL + 1

        .text

        putc    'g'
        putc    'c'
        putc    'd'
        putc    '('
        ldzwq   A,              %CALLEE0
        ldzwq   print_number,   %CALL
        jmp     %CALL,          %RET

        putc    ','
        putc    ' '
        ldzwq   B,              %CALLEE0
        ldzwq   print_number,   %CALL
        jmp     %CALL,          %RET

        putc    ')'
        putc    ' '
        putc    '='
        putc    ' '
        ldzwq   A,              %CALLEE0
        ldzwq   B,              %CALLEE1
        ldzwq   gcd,            %CALL
        jmp     %CALL,          %RET            # the result is in %CALLEE0,
        ldzwq   print_number,   %CALL           # where print_number expects it
        jmp     %CALL,          %RET
        putc    '\n'

        halt    0

# gcd(a, b): returns the greatest common divisor of a and b
#
# The division needs the pair %CALLEE0, %CALLEE1 for its numerator and three
# registers for its results, so b moves to the only place that is left.
#
#   %CALLEE0    a, low half of the numerator; then the quotient, not needed
#   %CALLEE1    high half, always 0; b at the start
#   %CALLEE2    the remainder, a mod b
#   %CALLEE3    b

gcd:
        addq    %CALLEE1,       %0,             %CALLEE3
        ldzwq   0,              %CALLEE1
.step:
        subq    0,              %CALLEE3,       %0
        jz      .found
        divq    %CALLEE3,       %CALLEE0,       %CALLEE0
        addq    %CALLEE3,       %0,             %CALLEE0
        addq    %CALLEE2,       %0,             %CALLEE3
        jmp     .step
.found:
        jmp     %RET,           %0

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
