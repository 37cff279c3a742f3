        .string "hello
        .string "hello\"
        putc    'a
        putc    'a, 5
        putc    '\n
        putc    '
        putc    'hello
        ldzwq   "a", %1
msg     .string "no end
        ldzwq   msg, %1
        .ascii  ""
        .equ    A, 'A
        ldzwq   A, %1
        halt    0
