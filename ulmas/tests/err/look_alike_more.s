        .string „hello“, “x”
        jmp     a–b
        .equ    x， 5
        ldzwq   ＄５, %1 # “
a:      halt    5 × 2
        halt    “a
        .string "hello”
        .string "a“b”
b:      addq    １２３, %1, %1  // ，
        putc    ‘“’
        halt­ 0
        halt 0；
        halt …
​
