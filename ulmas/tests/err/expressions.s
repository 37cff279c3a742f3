        .equ    ZERO, 0
        .equ    HUGE, 18446744073709551615 * 18446744073709551615
        .equ    MORE, HUGE * 2
        .quad   1 / 0
        .quad   1 % ZERO
        .quad   10 / (5 - 5)
        .quad   HUGE
        .quad   code + data
        .quad   code - data
        .quad   -code
        .quad   2 * code
        .quad   5 - code
        .quad   code / 2
        ldzwq   @w7(code), %1
        ldzwq   @w4 (code), %1
        ldzwq   @(code), %1
        ldzwq   @w0 code, %1
        ldzwq   @w0(@w1(code)), %1
code:   ldzwq   @W1(code), %code
        halt    code
        .data
data:   .byte   1
