loop:
        jmp     loop
        halt    0
loop:
        addq    1, %1, %1
        jmp     loop
loop    halt    1
