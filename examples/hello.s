# Prints a greeting: the smallest program with a loop.
#
# A string in memory ends with a byte that is 0. The loop fetches one byte after
# the other and prints it until it meets that 0.
#
#       ulm examples/hello.s
#       cargo run --release -- examples/hello.s         (from a source checkout)

        .equ    p,      1               # address of the next character
        .equ    ch,     2               # the character

        .data
msg:    .string "hello, world!\n"

        .text
        ldzwq   msg,    %p
load:   movzbq  (%p),   %ch
        subq    0,      %ch,    %0      # only the flags are wanted
        jz      halt
        putc    %ch
        addq    1,      %p,     %p
        jmp     load
halt:   halt    0
