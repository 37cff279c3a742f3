# A recursion that never ends.
        .equ    SP,     2
        .equ    RET,    3
        .equ    CALL,   4
        ldzwq   0,      %SP
down:   subq    8,      %SP,    %SP
        movq    %RET,   (%SP)
        ldzwq   down,   %CALL
        jmp     %CALL,  %RET
        halt    0
