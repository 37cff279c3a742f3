        .equ    a, 4
        ldzwq   0, %a
        putc    %a
        .equ    b, 4
        getc    %b
        putc    %b
.L1:    jmp     .L1
