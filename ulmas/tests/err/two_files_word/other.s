        .globl  low
        .globl  high
        .equ    low, @w0(x)
        .equ    high, @w3(0x1234567890ABCDEF)
        .data
x:      .quad   x
