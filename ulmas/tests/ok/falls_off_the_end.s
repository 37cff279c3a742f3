        addq    1, %1, %1
        putc    'x'
