        .string “hello”
        .string "hello”
        putc    ‘a’
        imulq   –1, %1, %1
        addq    1， %1， %1
        addq    1, ％1, %1
        addq    １, %1, %1
        halt    0；
        movq    8（%1）, %2
loop：   halt   0
        jmp     loop
