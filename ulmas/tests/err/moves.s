        movq    %1, %2
        movq    5, %2
        movq    -5, %2
        movq    msg, %2
        movzbq  msg, %2
        movb    (%1), %2
        movzbq  %2, (%1)
        movl    8(%1), %2
        movzwq  %2, 8(%1)
        jmp     %1
        jz      %1
        jmp     (%1)
        addq    %1, %2
        subq    1, %2
        halt
msg:    .string "x"
