        ldzwq   (5 + 3, %1
        ldzwq   5 + 3), %1
        movq    8(%1, %2
        movq    8%1), %2
        movq    (%1, %2, %3
        movq    (%1)), %2
        movq    ((%1), %2
        .quad   (1 + 2
        .quad   (1 + 2, 3
        .quad   1 + 2)
        .quad   1 + (2 * (3 - 1)
        ldzwq   @w0(5, %1
        addq    (, %1, %2
