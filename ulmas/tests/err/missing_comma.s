        .equ    SIZE, 5
        addq    %1 %2, %3
        addq    %1, %2 %3
        addq    1 %2 %3
        addq    %1 %2 %3
        ldzwq   5 %2
        ldzwq   SIZE %2
        movq    8(%1) %2
        movq    (%1) %2
        movq    %1 (%2)
        movq    %1 8(%2)
        movq    (%1 %2), %3
        movq    (%1, %2 8), %3
        jmp     %1 %2
        notq    %1 %2
        addq    'a' %1, %1
        addq    (1 + 2) %1, %1
