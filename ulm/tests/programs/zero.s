# Relies on a register and a .bss that nobody has set.
        .equ    x,      1
        .equ    at,     2
        ldzwq   cell,   %at
        movq    (%at),  %at
        addq    %at,    %x,     %x
        jnz     random
        halt    0
random: halt    1
        .bss
        .align  8
cell:   .space  8
