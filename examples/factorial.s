# Prints the factorials that fit in 64 bits: 0! to 20!.
#
# factorial is a leaf function with a loop. The main program counts in registers
# of its own, which survive the calls.
#
#       ulm examples/factorial.s
#       cargo run --release -- examples/factorial.s     (from a source checkout)

        .equ    LARGEST,        20      # 21! needs more than 64 bits

# what a function may change: arguments, result, and scratch
        .equ    CALLEE0,        1
        .equ    CALLEE1,        CALLEE0 + 1
        .equ    CALLEE2,        CALLEE1 + 1
        .equ    CALLEE3,        CALLEE2 + 1

# what belongs to the main program
        .equ    CALL,           CALLEE3 + 1
        .equ    RET,            CALL + 1
        .equ    N,              RET + 1

        .text

        ldzwq   0,              %N
next_line:
        addq    %N,             %0,             %CALLEE0
        ldzwq   print_number,   %CALL
        jmp     %CALL,          %RET

        putc    '!'
        putc    ' '
        putc    '='
        putc    ' '

        addq    %N,             %0,             %CALLEE0
        ldzwq   factorial,      %CALL
        jmp     %CALL,          %RET            # the result is in %CALLEE0,
        ldzwq   print_number,   %CALL           # where print_number expects it
        jmp     %CALL,          %RET
        putc    '\n'

        addq    1,              %N,             %N
        subq    LARGEST,        %N,             %0
        jbe     next_line

        halt    0

# factorial(n): returns n * (n - 1) * ... * 1, and 1 for n = 0
#
#   %CALLEE0    the product so far
#   %CALLEE1    the next factor

factorial:
        addq    %CALLEE0,       %0,             %CALLEE1
        ldzwq   1,              %CALLEE0
.next_factor:
        subq    0,              %CALLEE1,       %0
        jz      .factors_done
        imulq   %CALLEE1,       %CALLEE0,       %CALLEE0
        subq    1,              %CALLEE1,       %CALLEE1
        jmp     .next_factor
.factors_done:
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
