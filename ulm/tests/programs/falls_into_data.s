# Forgets to jump over a string.
        putc    'x'
text:   .string "hello"
        halt    0
