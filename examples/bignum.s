# Numbers of more than 64 bits: the factorials 21! to 34!.
#
# A number of 128 bits takes a pair of registers, the low half in one and the
# high half in the one after it. mulq has such a pair as its result. divq has
# one as its numerator and another one as its quotient, so division by 10, over
# and over, prints a number of 128 bits just like one of 64.
#
#       ulm examples/bignum.s
#       cargo run --release -- examples/bignum.s        (from a source checkout)

        .equ    LARGEST,        34      # 35! needs more than 128 bits

# what a function may change: arguments, result, and scratch
        .equ    CALLEE0,        1
        .equ    CALLEE1,        CALLEE0 + 1
        .equ    CALLEE2,        CALLEE1 + 1
        .equ    CALLEE3,        CALLEE2 + 1

# what belongs to the main program
        .equ    CALL,           CALLEE3 + 1
        .equ    RET,            CALL + 1
        .equ    N,              RET + 1
        .equ    LOW,            N + 1           # n!, a pair of registers
        .equ    HIGH,           LOW + 1
        .equ    PRODUCT,        HIGH + 1        # a product, also a pair
        .equ    CARRY,          PRODUCT + 1     # its high half

        .data
twenty_factorial:
        .quad   2432902008176640000             # fits in 64 bits

        .text

        ldzwq   twenty_factorial, %LOW
        movq    (%LOW),         %LOW
        ldzwq   0,              %HIGH
        ldzwq   20,             %N
next_line:
        addq    1,              %N,             %N

        # multiply by N as on paper: the low half first, which leaves a carry
        # for the high half
        mulq    %N,             %LOW,           %PRODUCT
        addq    %PRODUCT,       %0,             %LOW
        imulq   %N,             %HIGH,          %HIGH
        addq    %CARRY,         %HIGH,          %HIGH

        addq    %N,             %0,             %CALLEE0
        ldzwq   0,              %CALLEE1
        ldzwq   print_wide,     %CALL
        jmp     %CALL,          %RET

        putc    '!'
        putc    ' '
        putc    '='
        putc    ' '

        addq    %LOW,           %0,             %CALLEE0
        addq    %HIGH,          %0,             %CALLEE1
        ldzwq   print_wide,     %CALL
        jmp     %CALL,          %RET
        putc    '\n'

        subq    LARGEST,        %N,             %0
        jb      next_line

        halt    0

# print_wide(low, high): prints an unsigned number of 128 bits in decimal
#
#   %CALLEE0    low half of the number, then of the quotient
#   %CALLEE1    high half
#   %CALLEE2    the remainder, then a digit as a character
#   %CALLEE3    address of the digit; the last digit is found first

print_wide:
        ldzwq   digits_end,     %CALLEE3
        movb    %0,             (%CALLEE3)      # ends the digits
.next_digit:
        divq    10,             %CALLEE0,       %CALLEE0
        addq    '0',            %CALLEE2,       %CALLEE2
        subq    1,              %CALLEE3,       %CALLEE3
        movb    %CALLEE2,       (%CALLEE3)
        orq     %CALLEE0,       %CALLEE1,       %0      # 0 if both halves are
        jnz     .next_digit
.print_digit:
        putc    %CALLEE2
        addq    1,              %CALLEE3,       %CALLEE3
        movzbq  (%CALLEE3),     %CALLEE2
        subq    0,              %CALLEE2,       %0
        jnz     .print_digit
        jmp     %RET,           %0

        .bss
        .space  39                      # 2^128 - 1 has 39 digits
digits_end:
        .space  1                       # and a 0 behind them
