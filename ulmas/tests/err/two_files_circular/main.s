        .globl  a
        .equ    a, b + 1
        ldzwq   a, %1
        ldzwq   b, %1
        halt    %1
