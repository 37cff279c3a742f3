        movq    (%1, %2, 3), %3
        movq    (%1, %2, 0), %3
        movq    %1, (%2, %3, 16)
        movq    (%1, %2, SIZE), %3
        .equ    SIZE, 5
        movq    (%1, %2, 8), %3
