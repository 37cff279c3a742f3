        .equ    CALLEE0, 1
        .equ    CALL, 5
        .equ    RET, 6
        jmp     CALL, RET
        jmp     CALL, %RET
        movq    8(CALLEE0), %2
        movq    (1), %2
        movq    (%CALLEE0), CALLEE0
        movq    8(%1), 2
        movq    %1, 8(2)
        movq    (1, 2), %3
        movq    (%1, 2, 8), %3
        addq    1, CALLEE0, CALLEE0
        addq    %1, 2, %3
        subq    0, CALLEE0, 0
        putc    CALLEE0
        getc    CALLEE0
        getc    5
        ldzwq   5, 2
        notq    1, 2
