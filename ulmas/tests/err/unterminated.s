        .string "hello
        .string "hello\"
        putc    'a
        addq    'a, %1, %1
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
