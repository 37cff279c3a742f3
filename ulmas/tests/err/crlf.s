loop:
        addq    %1 %2, %3
        jmp     lop
        .string "hello
        halt
        addq 1, %1,
	halt 5 5
        putc 'a
