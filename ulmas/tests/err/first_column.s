halt    0
addq    1, %1, %1
jmp     loop
.data
.equ    SIZE, 10
.string "hello"
loop:
ldzwq   SIZE, %1
jz loop
.quad 1
        halt    0
