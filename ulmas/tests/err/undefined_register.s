        .equ    CALLEE0, 1
        .equ    RET, 5
        addq    1, %CALLE0, %callee0
        addq    1, %CALLE0, %CALLE0
        movq    8(%SP), %RET
        movq    8(%SP), %RET
        jmp     %TER, %0
        movq    (%FP, %SP), %RET
