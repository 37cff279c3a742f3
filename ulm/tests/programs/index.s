# Adds up an array, with an index that counts elements.
        .equ    i,      1
        .equ    array,  2
        .equ    x,      3
        .equ    sum,    4
        ldzwq   numbers,        %array
loop:   movq    (%array, %i),   %x
        addq    %x,     %sum,   %sum
        addq    1,      %i,     %i
        subq    3,      %i,     %0
        jb      loop
        halt    %sum
        .data
        .align  8
numbers:
        .quad   1, 2, 3
