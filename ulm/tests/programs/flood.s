# Writes and never stops.
loop:   putc    'x'
        putc    '\n'
        jmp     loop
