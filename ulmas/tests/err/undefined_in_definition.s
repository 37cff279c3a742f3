        .equ    SIZE, WIDHT * HEIGHT
        .equ    WIDTH, 8
        .equ    AREA, SIZE
        ldzwq   SIZE, %1
        ldzwq   AREA, %1
        ldzwq   HEIGHT, %1
        .space  SIZE
        halt    0
