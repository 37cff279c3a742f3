# Functions, third step: arguments and results.
#
# Reads an unsigned number and prints it again. Between the two, the number is
# in a register of the main program, where no function may touch it.
#
# The number ends with its line. If the input has no line at all, the program
# reads on and on: read_number knows no other end than '\n'.
#
#       echo 1234567890123 | ulm examples/func03.s
#       echo 42 | cargo run --release -- examples/func03.s    (source checkout)

# what a function may change: arguments, result, and scratch
        .equ    CALLEE0,        1
        .equ    CALLEE1,        CALLEE0 + 1
        .equ    CALLEE2,        CALLEE1 + 1
        .equ    CALLEE3,        CALLEE2 + 1

# what belongs to the main program
        .equ    CALL,           CALLEE3 + 1
        .equ    RET,            CALL + 1
        .equ    NUMBER,         RET + 1

        .data
question:
        .string "Type in some unsigned integer (that fits in 64 bits): "
answer: .string "You typed in: "
goodbye:
        .string "\nbye!\n"

        .text

        ldzwq   question,       %CALLEE0
        ldzwq   print_text,     %CALL
        jmp     %CALL,          %RET

        ldzwq   read_number,    %CALL
        jmp     %CALL,          %RET
        addq    %CALLEE0,       %0,             %NUMBER

        ldzwq   answer,         %CALLEE0
        ldzwq   print_text,     %CALL
        jmp     %CALL,          %RET

        addq    %NUMBER,        %0,             %CALLEE0
        ldzwq   print_number,   %CALL
        jmp     %CALL,          %RET

        ldzwq   goodbye,        %CALLEE0
        ldzwq   print_text,     %CALL
        jmp     %CALL,          %RET

        halt    0

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

# read_number(): reads decimal digits to the end of the line, returns the number
#
#   %CALLEE0    the number so far
#   %CALLEE1    the character, then its value as a digit

read_number:
        ldzwq   0,              %CALLEE0
.next_character:
        getc    %CALLEE1
        subq    '\n',           %CALLEE1,       %0
        jz      .line_ends
        subq    '0',            %CALLEE1,       %CALLEE1
        imulq   10,             %CALLEE0,       %CALLEE0
        addq    %CALLEE1,       %CALLEE0,       %CALLEE0
        jmp     .next_character
.line_ends:
        jmp     %RET,           %0

# print_number(number): prints an unsigned number in decimal
#
# Division by 10 gives the last digit first. The digits therefore go into a
# buffer, from its end to its beginning, and are printed from there. Behind the
# last one the function puts a 0, the end of the string. It doesn't rely on the
# buffer being 0 at the start: "ulm --randomize" fills .bss with random bytes.
#
#   %CALLEE0    the number, low half of the numerator; then the quotient
#   %CALLEE1    high half, always 0
#   %CALLEE2    the remainder, then a digit as a character
#   %CALLEE3    address of the digit

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
