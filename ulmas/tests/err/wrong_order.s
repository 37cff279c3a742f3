        addq    %1, 5, %2
        subq    %1, %2, 5
        ldzwq   %1, 5
        ldzwq   %1, msg
        movzbq  %2, (%1)
        movb    (%1), %2
        movl    8(%1), %2
        shlq    %1, 3, %2
        ldswq   %5, -3
        halt    0
msg:    .string "x"
