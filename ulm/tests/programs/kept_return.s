# A function that calls another one, and doesn't save its own return address.
        .equ    RET,    3
        .equ    CALL,   4
        ldzwq   outer,  %CALL
        jmp     %CALL,  %RET
        halt    0

outer:  ldzwq   inner,  %CALL
        jmp     %CALL,  %RET
        addq    1,      %5,     %5
        jmp     %RET,   %0
inner:  jmp     %RET,   %0
