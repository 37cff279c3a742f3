        .globl  main
        .globl  prnt
        halt    0
print:
        jmp     print
