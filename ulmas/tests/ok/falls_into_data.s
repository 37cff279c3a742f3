        ldzwq   msg, %1
        movzbq  (%1), %2
msg:    .string "hello"
next:   jmp     over
        .quad   1
over:   addq    1, %1, %1
        .space  4
        jmp     next
