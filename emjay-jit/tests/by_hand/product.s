# 20!, with a loop, under the leaf convention.

        .equ    CALLEE0,        1       # n, then the product
        .equ    CALLEE1,        CALLEE0 + 1
        .equ    CALLEE2,        CALLEE1 + 1
        .equ    CALLEE3,        CALLEE2 + 1
        .equ    CALL,           CALLEE3 + 1
        .equ    RET,            CALL + 1

        .text
        ldzwq   20,             %CALLEE0
        ldzwq   factorial,      %CALL
        jmp     %CALL,          %RET
        halt    0

factorial:
        addq    %CALLEE0,       %0,             %CALLEE1        # the last factor
        ldzwq   1,              %CALLEE0
        ldzwq   2,              %CALLEE2        # the next factor
        subq    %CALLEE1,       %CALLEE2,       %0
        jg      .done
.next:
        imulq   %CALLEE2,       %CALLEE0,       %CALLEE0
        addq    1,              %CALLEE2,       %CALLEE2
        subq    %CALLEE1,       %CALLEE2,       %0
        jle     .next
.done:
        jmp     %RET,           %0
