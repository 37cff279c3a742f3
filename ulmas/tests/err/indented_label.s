  loop:
        addq    1, %1, %1
  next  addq    1, %1, %1
  alone
        jnz     alone
        jnz     next
  last: halt    0
        jmp     loop
        jmp     last
  /* c */ odd:  nop
        jmp     odd
  text  .string "x"
        ldzwq   text, %1
