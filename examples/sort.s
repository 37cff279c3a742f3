# Insertion sort of an array of signed 64-bit numbers.
#
# "(%ARRAY, %INDEX, 8)" is the address of an element: array + 8 * index. Signed
# numbers are compared with jl and jg; with jb and ja, which compare unsigned
# numbers, the negative ones would come last.
#
#       ulm examples/sort.s
#       cargo run --release -- examples/sort.s          (from a source checkout)

# what a function may change: arguments, result, and scratch
        .equ    CALLEE0,        1
        .equ    CALLEE1,        CALLEE0 + 1
        .equ    CALLEE2,        CALLEE1 + 1
        .equ    CALLEE3,        CALLEE2 + 1

# what belongs to the main program
        .equ    CALL,           CALLEE3 + 1
        .equ    RET,            CALL + 1
        .equ    ARRAY,          RET + 1         # address of the array
        .equ    I,              ARRAY + 1       # elements before I are sorted
        .equ    VALUE,          I + 1           # the element to insert
        .equ    GAP,            VALUE + 1       # where it could go
        .equ    LEFT,           GAP + 1         # index of the element before
        .equ    LEFT_VALUE,     LEFT + 1        # and its value

        .data
array:  .quad   42, -7, 1000000, 0, 3, -1000000, 42, 8, -1, 65536
array_end:

        .equ    COUNT,          (array_end - array) / 8

        .text

        ldzwq   array,          %ARRAY

        ldzwq   1,              %I
insert_next:
        movq    (%ARRAY, %I, 8), %VALUE
        addq    %I,             %0,             %GAP

        # move the gap to the left, past every element that is greater
move_gap:
        subq    0,              %GAP,           %0
        jz      fill_gap
        subq    1,              %GAP,           %LEFT
        movq    (%ARRAY, %LEFT, 8), %LEFT_VALUE
        subq    %VALUE,         %LEFT_VALUE,    %0
        jle     fill_gap
        movq    %LEFT_VALUE,    (%ARRAY, %GAP, 8)
        addq    %LEFT,          %0,             %GAP
        jmp     move_gap

fill_gap:
        movq    %VALUE,         (%ARRAY, %GAP, 8)
        addq    1,              %I,             %I
        subq    COUNT,          %I,             %0
        jb      insert_next

        # print the array, a line for each element
        ldzwq   0,              %I
print_next:
        movq    (%ARRAY, %I, 8), %CALLEE0
        ldzwq   print_signed,   %CALL
        jmp     %CALL,          %RET
        putc    '\n'
        addq    1,              %I,             %I
        subq    COUNT,          %I,             %0
        jb      print_next

        halt    0

# print_signed(number): prints a signed number in decimal
#
#   %CALLEE0    the number, without its sign; then the quotient
#   %CALLEE1    high half of the numerator, always 0
#   %CALLEE2    the remainder, then a digit as a character
#   %CALLEE3    address of the digit; the last digit is found first

print_signed:
        subq    0,              %CALLEE0,       %0
        jge     .without_sign
        putc    '-'
        subq    %CALLEE0,       %0,             %CALLEE0
.without_sign:
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
        .space  19                      # 2^63 has 19 digits
digits_end:
        .space  1                       # and a 0 behind them
