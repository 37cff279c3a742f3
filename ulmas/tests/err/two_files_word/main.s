        ldzwq   low, %1
        ldzwq   high, %1
        halt    0
