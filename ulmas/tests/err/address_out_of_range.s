        ldzwq   far, %1
        ldzwq   far + 8, %2
        ldswq   half, %1
        addq    far, %1, %1
        movq    far(%1), %2
        halt    0
        .data
        .space  40000
half:   .word   far
        .byte   half
        .space  60000
far:    .space  8
