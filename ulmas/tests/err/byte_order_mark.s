start:
        jmp     strat
