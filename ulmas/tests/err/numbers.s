        ldzwq   09, %1
        ldzwq   0x, %1
        ldzwq   0xG, %1
        ldzwq   12ab, %1
        ldzwq   1.5, %1
        ldzwq   0b101, %1
        ldzwq   18446744073709551616, %1
        .quad   0x10000000000000000
        .quad   99999999999999999999999999999999
        .quad   1_000
        ldzwq   5h, %1
        ldzwq   08, %1
