# Calls what is no function.
        .equ    CALL,   1
        .equ    RET,    2
        ldzwq   .L5,    %CALL
        jmp     %CALL,  %RET
        halt    0
        .data
        .align  4
.L5:    .string "never"
