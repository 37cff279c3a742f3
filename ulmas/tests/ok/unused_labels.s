        .globl  main
main:
start:  jmp     used
used:
loop:   halt    0
halt
nop
        .data
data:   .byte   1
