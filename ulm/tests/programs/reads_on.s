# Reads until a newline, which may never come.
        .equ    ch,     1
loop:   getc    %ch
        subq    10,     %ch,    %0
        jnz     loop
        halt    0
