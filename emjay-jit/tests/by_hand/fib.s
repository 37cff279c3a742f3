# The 15th Fibonacci number by recursion, under the stack convention.

        .equ    FP,             1
        .equ    SP,             2
        .equ    RET,            3
        .equ    N,              4
        .equ    CALL,           5
        .equ    SUM,            6

        .equ    ret,            0
        .equ    fp,             8
        .equ    rval,           16
        .equ    arg,            24
        .equ    FRAME,          32
        .equ    first,          -8

        .text
        ldzwq   0,              %SP
        subq    FRAME,          %SP,            %SP
        ldzwq   15,             %N
        movq    %N,             arg(%SP)
        ldzwq   fib,            %CALL
        jmp     %CALL,          %RET
        movq    rval(%SP),      %SUM
        addq    FRAME,          %SP,            %SP
        halt    0

fib:
        movq    arg(%SP),       %N
        subq    2,              %N,             %0
        jge     .recursion
        movq    %N,             rval(%SP)       # needs no frame of its own
        jmp     %RET,           %0
.recursion:
        movq    %RET,           ret(%SP)
        movq    %FP,            fp(%SP)
        addq    %SP,            %0,             %FP
        subq    8 + FRAME,      %SP,            %SP     # for both calls

        subq    1,              %N,             %N
        movq    %N,             arg(%SP)
        ldzwq   fib,            %CALL
        jmp     %CALL,          %RET
        movq    rval(%SP),      %SUM
        movq    %SUM,           first(%FP)

        movq    arg(%FP),       %N
        subq    2,              %N,             %N
        movq    %N,             arg(%SP)
        ldzwq   fib,            %CALL
        jmp     %CALL,          %RET
        movq    rval(%SP),      %SUM
        movq    first(%FP),     %N
        addq    %N,             %SUM,           %SUM

        movq    %SUM,           rval(%FP)
        addq    %FP,            %0,             %SP
        movq    ret(%FP),       %RET
        movq    fp(%FP),        %FP
        jmp     %RET,           %0
