# Calls a function that divides 48 by 2, 1, 0.
        .equ    CALLEE0,        1
        .equ    CALL,           5
        .equ    RET,            6
        .equ    a,              7       # a + 1 is its high half
        .equ    b,              9
        .equ    quotient,       10      # and high half, and remainder

        ldzwq   2,      %b
        ldzwq   48,     %a
next:   ldzwq   divide, %CALL
        jmp     %CALL,  %RET
        putc    '.'
        subq    1,      %b,     %b
        jmp     next

divide:
        divq    %b,     %a,     %quotient       # not for 0
        jmp     %RET,   %0
