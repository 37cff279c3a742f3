        .equ    RET, 3
        .equ    CALL, 4
        ldzwq   f, %CALL
        jmp     %CALL, %RET
        addq    1, %1, %1
        halt    0
        addq    2, %1, %1
        addq    3, %1, %1
again:  jmp     f
        putc    'x'
f:      jz      again
        jmp     %RET, %0
        putc    'y'
        halt    1
        jmp     -4
        halt    2
