        .string „hello“
        jmp     8–4
        .equ    x， 5
        ldzwq   ＄５, %1 # “
a:      halt    5 × 2
        .string "hello”
        .string "a“b”
b:      addq    １２３, %1, %1  // ，
        putc    ‘x’
        halt­ 0
        halt 0；
​
