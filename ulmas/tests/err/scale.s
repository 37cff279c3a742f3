        movq    8(%1, %2), %3
        movq    8(%1, %2, 8), %3
        movq    (%1, 8), %3
        movq    (%1, %2, %3), %4
        movq    %1, (%2, 4)
        movq    (8), %1
        movq    [%1], %2
        movq    8[%1], %2
        movq    8 (%1), %2
        movq    *%1, %2
