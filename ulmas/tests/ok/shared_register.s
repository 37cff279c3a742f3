        .equ    i, 4
        .equ    sum, 5
        .equ    ch, 4
        .equ    total, sum
        ldzwq   0, %i
        ldzwq   0, %sum
loop:   getc    %ch
        addq    %ch, %total, %sum
        addq    1, %i, %i
        subq    5, %i, %0
        jnz     loop
        .equ    later, 4
        putc    %later
        halt    0
