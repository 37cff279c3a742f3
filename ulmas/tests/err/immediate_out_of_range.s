        .equ    SIZE, 1000
        addq    256, %1, %1
        addq    -1, %1, %1
        subq    SIZE, %SP, %SP
        .equ    SP, 2
        imulq   128, %1, %1
        imulq   -129, %1, %1
        movq    128(%1), %2
        movq    %2, -129(%1)
        ldzwq   65536, %1
        ldzwq   -1, %1
        ldswq   32768, %1
        ldswq   -32769, %1
        shldwq  0x10000, %1
        putc    256
        halt    256
        shlq    256, %1, %1
