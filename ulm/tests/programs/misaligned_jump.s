# Calls what a message's label stands for.
        .equ    CALL,   4
        ldzwq   msg,    %CALL
        jmp     %CALL,  %CALL
        .data
        .byte   1
msg:    .string "no function"
