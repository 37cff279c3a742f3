        addq    1, %1, %1 ; comment
        addq    1, %1, %1 !
        addq    1; %1; %1
        halt    0 & 1
        ldzwq   1 << 3, %1
        ldzwq   ~5, %1
        addq    1, %1 = %2
        ldzwq   €, %1
        ldzwq   größe, %1
        halt    0 \
        addq    {1}, %1, %2
        ?
        `
