# A function that calls another one, and loses its own return address.
        .equ    SP,     2
        .equ    RET,    3
        .equ    CALL,   4
        ldzwq   outer,  %CALL
        jmp     %CALL,  %RET
        halt    0

outer:  movq    %RET,   -8(%SP)
        ldzwq   inner,  %CALL
        jmp     %CALL,  %RET
        ldzwq   4096,   %RET            # not what was stored
        jmp     %RET,   %0
inner:  jmp     %RET,   %0
