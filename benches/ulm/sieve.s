# The sieve of Eratosthenes with a byte for each number below SIZE, twice: how many primes there are,
# and their sum.

        .equ    SIZE,           8000000
        .equ    ROUNDS,         2

# what a function may change: arguments, result, and scratch
        .equ    CALLEE0,        1
        .equ    CALLEE1,        CALLEE0 + 1
        .equ    CALLEE2,        CALLEE1 + 1
        .equ    CALLEE3,        CALLEE2 + 1

# what belongs to the main program
        .equ    CALL,           CALLEE3 + 1
        .equ    RET,            CALL + 1
        .equ    LIMIT,          RET + 1
        .equ    COMPOSITE,      LIMIT + 1       # address of the bytes
        .equ    N,              COMPOSITE + 1   # the number in question
        .equ    MULTIPLE,       N + 1           # of N
        .equ    MARK,           MULTIPLE + 1
        .equ    COUNT,          MARK + 1
        .equ    SUM,            COUNT + 1
        .equ    ROUND,          SUM + 1

        .text

        ldzwq   @w1(SIZE),      %LIMIT
        shldwq  @w0(SIZE),      %LIMIT
        ldzwq   composite,      %COMPOSITE
        ldzwq   0,              %ROUND
next_round:
        ldzwq   0,              %COUNT
        ldzwq   0,              %SUM

        # nothing is crossed out yet
        ldzwq   0,              %N
clear:
        movb    %0,             (%COMPOSITE, %N)
        addq    1,              %N,             %N
        subq    %LIMIT,         %N,             %0
        jb      clear

        ldzwq   2,              %N
next_number:
        movzbq  (%COMPOSITE, %N), %MARK
        subq    0,              %MARK,          %0
        jnz     advance

        # N is prime
        addq    1,              %COUNT,         %COUNT
        addq    %N,             %SUM,           %SUM

        # cross out 2N, 3N, 4N ...
        addq    %N,             %N,             %MULTIPLE
        subq    %LIMIT,         %MULTIPLE,      %0
        jae     advance
        ldzwq   1,              %MARK
cross_out:
        movb    %MARK,          (%COMPOSITE, %MULTIPLE)
        addq    %N,             %MULTIPLE,      %MULTIPLE
        subq    %LIMIT,         %MULTIPLE,      %0
        jb      cross_out

advance:
        addq    1,              %N,             %N
        subq    %LIMIT,         %N,             %0
        jb      next_number

        addq    1,              %ROUND,         %ROUND
        subq    ROUNDS,         %ROUND,         %0
        jb      next_round

        addq    %COUNT,         %0,             %CALLEE0
        ldzwq   print_number,   %CALL
        jmp     %CALL,          %RET
        putc    '\n'
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
composite:
        .space  SIZE                    # 1 for a composite number
