adq     1, %1, %1
jpm     loop
loop    sbuq 1, %1, %1
.strng  "hello"
.eqv    SIZE, 5
.L5     hlat 0
        jmp     .L5
Halt    0
ADDQ    1, %1, %1
loop5   5
