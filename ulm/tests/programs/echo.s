# Asks, waits for a letter, and writes it twice.
        .equ    ch,     1
        putc    '?'
        putc    ' '
        getc    %ch
        putc    %ch
        putc    %ch
        putc    '\n'
        halt    %ch
