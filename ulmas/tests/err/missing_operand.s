        addq    1,, %2
        addq    , %1, %2
        addq    1, %2,
        addq    1, %2, %3,
        halt    0,
        jmp     ,
        movq    8(), %2
        movq    (, %1), %2
        addq    1, %, %2
        addq    1, %2, %
        .byte   1,, 2
        .byte   1,
        .byte
        .byte   ,
        .equ
        .equ    SIZE
        .equ    SIZE,
        .equ    5, 10
        .equ    %1, 10
