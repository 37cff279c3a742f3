        halt    0
        .bss
buffer: .space  100
count:  .quad   5
zero:   .quad   0
        .byte   1, 2, 3
name:   .string "x"
        addq    1, %1, %1
start   halt    0
        .byte   0, 0, 1
        .word   buffer
        .text
        jmp     start
        ldzwq   buffer, %1
