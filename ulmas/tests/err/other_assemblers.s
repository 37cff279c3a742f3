        .section .text
        .section .rodata
        .int    5
        .skip   5
        .set    x, 5
        call    f
        push    %1
        pop     %1
        cmpq    5, %1
        inc     %1
        lea     x, %1
        xorq    %1, %2, %3
        print   "hello"
        exit
1:      halt    0
        mov     8(%1), %2
        mov     5, %1
        movs    8(%1), %2
