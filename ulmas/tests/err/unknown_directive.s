        .tetx
        .DATA
        .asciz  "hello"
        .int    5
        .string "hello"
        .globel main
        .file   "a.c"
msg:    .strng  "x"
        ldzwq   msg, %1
