# A program for the machine that tiny.isa describes: the squares of 1 to 12.
#
#       ulm --isa examples/tiny.isa examples/tiny.s
#       cargo run --release -- --isa examples/tiny.isa examples/tiny.s

        .equ    LIMIT,          13      # the first number that is too large

        .equ    argument,       1
        .equ    digit,          2
        .equ    pointer,        3
        .equ    ten,            4
        .equ    link,           5       # return address
        .equ    n,              6
        .equ    limit,          7

        .text
        load    1,              %n
        load    LIMIT,          %limit
next:
        copy    %n,             %argument
        call    print,          %link
        put     ' '
        put     '*'
        put     ' '
        copy    %n,             %argument
        call    print,          %link
        put     ' '
        put     '='
        put     ' '
        mul     %n,             %n,             %argument
        call    print,          %link
        put     '\n'

        add     1,              %n,             %n
        compare %limit,         %n
        jlt     next                    # as long as n < limit

        halt    0

# print(argument): prints a number in decimal; changes %1 to %4

print:
        load    digits_end,     %pointer
        storeb  %0,             (%pointer)      # ends the digits
        load    10,             %ten
.next_digit:
        rem     %ten,           %argument,      %digit
        add     '0',            %digit,         %digit
        add     -1,             %pointer,       %pointer
        storeb  %digit,         (%pointer)
        div     %ten,           %argument,      %argument
        compare %0,             %argument
        jne     .next_digit
.print_digit:
        put     %digit
        add     1,              %pointer,       %pointer
        loadb   (%pointer),     %digit
        compare %0,             %digit
        jne     .print_digit
        ret     %link

        .bss
        .space  20                      # 2^64 - 1 has 20 digits
digits_end:
        .space  1                       # and a 0 behind them
