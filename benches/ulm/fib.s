# The Fibonacci number of SIZE by a function that calls itself twice, with frames on the stack.

        .equ    SIZE,           34

        .equ    FP,             1       # frame of the running function
        .equ    SP,             2       # lower end of the stack
        .equ    RET,            3       # return address

# scratch; the division in print_number wants the last four in a row
        .equ    CALL,           4
        .equ    N,              5
        .equ    SUM,            6
        .equ    LOW,            7       # numerator, then quotient
        .equ    HIGH,           LOW + 1
        .equ    DIGIT,          LOW + 2
        .equ    POINTER,        LOW + 3

# a frame with one argument, as seen from %SP before and from %FP in the callee
        .equ    ret,            0
        .equ    fp,             8
        .equ    rval,           16
        .equ    arg,            24
        .equ    FRAME,          32

        .text

        ldzwq   0,              %SP
        ldzwq   0,              %FP

        ldzwq   SIZE,           %N
        subq    FRAME,          %SP,            %SP
        movq    %N,             arg(%SP)
        ldzwq   fib,            %CALL
        jmp     %CALL,          %RET
        movq    rval(%SP),      %SUM
        movq    %SUM,           arg(%SP)
        ldzwq   print_number,   %CALL
        jmp     %CALL,          %RET
        addq    FRAME,          %SP,            %SP
        putc    '\n'
        halt    0

# fib(n): returns n for n < 2, and fib(n - 1) + fib(n - 2) otherwise

        .equ    first,          -8      # fib(n - 1), while fib(n - 2) is computed

fib:
        movq    %RET,           ret(%SP)
        movq    %FP,            fp(%SP)
        addq    %SP,            %0,             %FP
        subq    8,              %SP,            %SP

        movq    arg(%FP),       %SUM
        subq    2,              %SUM,           %0
        jb      .leave

        # first := fib(n - 1)
        subq    1,              %SUM,           %N
        subq    FRAME,          %SP,            %SP
        movq    %N,             arg(%SP)
        ldzwq   fib,            %CALL
        jmp     %CALL,          %RET
        movq    rval(%SP),      %SUM
        addq    FRAME,          %SP,            %SP
        movq    %SUM,           first(%FP)

        # first + fib(n - 2)
        movq    arg(%FP),       %N
        subq    2,              %N,             %N
        subq    FRAME,          %SP,            %SP
        movq    %N,             arg(%SP)
        ldzwq   fib,            %CALL
        jmp     %CALL,          %RET
        movq    rval(%SP),      %SUM
        addq    FRAME,          %SP,            %SP
        movq    first(%FP),     %N
        addq    %N,             %SUM,           %SUM

.leave:
        movq    %SUM,           rval(%FP)
        addq    %FP,            %0,             %SP
        movq    ret(%FP),       %RET
        movq    fp(%FP),        %FP
        jmp     %RET,           %0

# print_number(number): prints an unsigned number in decimal

print_number:
        movq    %RET,           ret(%SP)
        movq    %FP,            fp(%SP)
        addq    %SP,            %0,             %FP

        movq    arg(%FP),       %LOW
        ldzwq   0,              %HIGH
        ldzwq   digits_end,     %POINTER
        movb    %0,             (%POINTER)      # ends the digits
.next_digit:
        divq    10,             %LOW,           %LOW
        addq    '0',            %DIGIT,         %DIGIT
        subq    1,              %POINTER,       %POINTER
        movb    %DIGIT,         (%POINTER)
        subq    0,              %LOW,           %0
        jnz     .next_digit
.print_digit:
        putc    %DIGIT
        addq    1,              %POINTER,       %POINTER
        movzbq  (%POINTER),     %DIGIT
        subq    0,              %DIGIT,         %0
        jnz     .print_digit

        addq    %FP,            %0,             %SP
        movq    ret(%FP),       %RET
        movq    fp(%FP),        %FP
        jmp     %RET,           %0

        .bss
        .space  20                      # 2^64 - 1 has 20 digits
digits_end:
        .space  1                       # and a 0 behind them
