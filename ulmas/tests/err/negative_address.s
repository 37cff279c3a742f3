        ldzwq   start - 8, %1
start:  halt    0
