# 20! by recursion, under the stack convention.

        .equ    FP,             1
        .equ    SP,             2
        .equ    RET,            3
        .equ    N,              4
        .equ    CALL,           5
        .equ    RESULT,         6

        .equ    ret,            0
        .equ    fp,             8
        .equ    rval,           16
        .equ    arg,            24
        .equ    FRAME,          32

        .text
        ldzwq   0,              %SP
        subq    FRAME,          %SP,            %SP
        ldzwq   20,             %N
        movq    %N,             arg(%SP)
        ldzwq   factorial,      %CALL
        jmp     %CALL,          %RET
        movq    rval(%SP),      %RESULT
        addq    FRAME,          %SP,            %SP
        halt    0

factorial:
        movq    arg(%SP),       %N
        subq    2,              %N,             %0
        jge     .recursion
        ldzwq   1,              %RESULT         # needs no frame of its own
        movq    %RESULT,        rval(%SP)
        jmp     %RET,           %0
.recursion:
        movq    %RET,           ret(%SP)
        movq    %FP,            fp(%SP)
        addq    %SP,            %0,             %FP

        subq    1,              %N,             %N
        subq    FRAME,          %SP,            %SP
        movq    %N,             arg(%SP)
        ldzwq   factorial,      %CALL
        jmp     %CALL,          %RET
        movq    rval(%SP),      %RESULT
        movq    arg(%FP),       %N
        imulq   %N,             %RESULT,        %RESULT

        movq    %RESULT,        rval(%FP)
        addq    %FP,            %0,             %SP     # the call's frame, too
        movq    ret(%FP),       %RET
        movq    fp(%FP),        %FP
        jmp     %RET,           %0
