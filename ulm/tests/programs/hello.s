# Writes a text.
        .equ    p,      1
        .equ    ch,     2

        .text
        ldzwq   msg,    %p
load:
        movzbq  (%p),   %ch
        subq    0,      %ch,    %0
        jz      halt
        putc    %ch
        addq    1,      %p,     %p
        jmp     load
halt:
        halt    0

        .data
msg:    .string "hi\n"
