        .equ    first, 1
first:
        jmp     first
second:
        .equ    second, 2
        jmp     second
