# Forgets to halt.
        putc    'x'
        putc    '\n'
