        jmp     puts
        jmp     helper
        halt    0
