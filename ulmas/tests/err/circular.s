        .equ    A, B + 1
        .equ    B, C
        .equ    C, A
        .equ    SELF, SELF + 1
        ldzwq   A, %1
        ldzwq   B, %1
        ldzwq   SELF, %SELF
        .equ    D, A + 5
        .equ    COUNT, 1
        .equ    COUNT, COUNT + 1
        ldzwq   COUNT, %1
        halt    0
