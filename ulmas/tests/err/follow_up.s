        .equ    N 5
        .equ    M, 1 +
        .equ    K, "5"
        addq    N, %M, %K
        ldzwq   N, %1
        ldzwq   M * K, %M
bad:    adq     1, %1, %1
data    .strng  "x"
        jmp     bad
        ldzwq   data, %1
here:   addq    1, %1
        jmp     here + 2
        halt    0
last:   .byte   1, 2, x y
        .byte   256
after:  ldzwq   after - here - 8, %1
        ldzwq   after - last, %1
