# Forgets to go back to the text after the data.
        .equ    p,      1
        .data
x:      .string "hi!\n"
main:   ldzwq   x,      %p
        halt    0
