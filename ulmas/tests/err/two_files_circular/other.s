        .globl  b
        .equ    b, a + 1
