# Calls within calls: the deepest is the third.
        .equ    CALL,   1
        ldzwq   first,  %CALL
        jmp     %CALL,  %2
        ldzwq   third,  %CALL
        jmp     %CALL,  %4
        halt    9
first:  ldzwq   second, %CALL
        jmp     %CALL,  %3
        jmp     %2,     %0
second: ldzwq   third,  %CALL
        jmp     %CALL,  %4
        jmp     %3,     %0
third:  movq    %1,     -8(%0)
        movq    -8(%0), %5
        jmp     %4,     %0
