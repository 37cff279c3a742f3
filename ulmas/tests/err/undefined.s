        .equ    limit, 10
start:
        jmp     strat
        jz      nowhere
        jnz     nowhere
        jmp     nowhere
        ldzwq   msgg, %1
        ldzwq   limt, %1
        ldzwq   MISSING + 1, %1
        .quad   table
        halt    0
msg:
        .string "hello"
