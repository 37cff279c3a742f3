        jz      %1
        movq    5, %1
        movq    %1, %2
        addq    1, 2, %3
        ldzwq   %1, %2
        movq    8(%1, %2), %3
        movb    (%1), %2
        movzbq  %1, (%2)
        jmp     %1
        movq    (%1, %2), (%3)
        subq    %1, %2, 5
        movq    [%1], %2
