        hlat    0
        HALT    0
        Addq    1, %1, %1
        mov     %1, %2
        call    puts
        ret
        add     1, %1, %1
        push    %1
        lable:  halt 0
loop:   sbuq    1, %1, %1
loop2   jumpto  5
        xyzzy
        jmp     loop
        jmp     loop2
