        jmp     6
        jz      -2
        jmp     word + 2
        jmp     0x2000000
        jnz     -0x2000004
        jmp     far
        jmp     odd
        jmp     text
        halt    0
word:   halt    0
        .byte   1
odd:    .byte   2
        .space  40000000
far:    halt    0
        .data
        .byte   1
text:   .byte   2
