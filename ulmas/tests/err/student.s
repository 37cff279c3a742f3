        .equ    CALL, 5
        jmp     loop:
        movq    %1, msg
        addq    %1, %2, 5(%3)
        .string "abc" 5
        .equ    SIZE = 5
LENGTH = 5
LIMIT:  .equ 5
loop :  ldzwq   LENGTH, %SIZE
        %1 = 5
        putc    "a"
        jmp     %loop
        jmp     %after
        jmp     %CALL
        subq    1, %1 -> %2
        addq    %%1, %1, %1
        addq    #5, %1, %1
        .text:
        movq    %1(8), %2
        movq    [%1], %2
        movq    8[%1], {%2}
msg:    .string "x", 0
after:  halt    0
