# Calls a function whose address it never asks for.
        .equ    RET,    3
        .equ    CALL,   4
        putc    'A'
        jmp     %CALL,  %RET
        halt    0
f:      jmp     %RET,   %0
