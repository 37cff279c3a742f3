# Stores a number behind a string, where it can't be.
        .equ    x,      1
        .equ    at,     2
        ldzwq   7,      %x
        ldzwq   buffer, %at
        movq    %x,     (%at)
        halt    0
        .data
text:   .string "four\n"
buffer: .space  8
