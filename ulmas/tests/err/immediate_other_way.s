        .equ    BIG, 100000
        addq    -5, %1, %1
        subq    -255, %1, %1
        addq    1000, %1, %1
        mulq    1000, %1, %1
        ldzwq   -5, %1
        ldzwq   BIG, %1
        ldswq   -100000, %1
        ldswq   0x123456789AB, %1
        ldswq   40000, %1
        movq    1000(%1), %2
        shlq    300, %1, %1
        halt    300
        ldzwq   18446744073709551615 + 1, %1
