# Writes a line without its end, and never stops.
        putc    '.'
loop:   jmp     loop
