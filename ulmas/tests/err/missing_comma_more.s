        .byte   1 2, 3
        .byte   1, 2 3
        .byte   'a' 'b'
        .equ    SIZE 10
        .equ    NEGATIVE -10
        addq    SIZE %1 %1
        addq    1
        halt    0
        .data
msg:    .string "x"
        .equ    OTHER (5)
        .byte   1 (2)
        .byte   1 2 3, 4 5
        putc    %1 %2
        subq    %1 %2
        movq    (%1 %2 8), %3
        putc    %(5 % 3)
        putc    %5%3
        halt    5 % 3
