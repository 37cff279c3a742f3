        halt    0
        /* begins here
        addq    1, 2
        hlat
loop:   jmp     loop
