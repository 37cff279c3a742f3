        .data
        .equ    a, b
        .equ    b, 5
# What `b` is here makes no difference to `a`, which sees the last definition.
        .space  b
        .space  a
        .equ    b, 6
        .byte   a
