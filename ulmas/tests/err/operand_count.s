        addq    1, %1
        addq
        addq    %1
        addq    1, %1, %2, %3
        halt
        nop     5
        jmp
        jz      %1, %2
        ldzwq   5
        ldzwq   5, %1, %2
        movq    %1
        movq    8(%1), %2, %3
        putc    %1, %2
        jmp     %1, %2, %3
        notq    %1
        getc
