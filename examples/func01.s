# Functions, first step: no arguments, no result.
#
# A call takes two instructions. The first puts the address of the function into
# %CALL; the second, "jmp %CALL, %RET", goes there and leaves the address of the
# instruction behind it in %RET. "jmp %RET, %0" is the way back.
#
#       ulm examples/func01.s
#       cargo run --release -- examples/func01.s        (from a source checkout)

        .equ    CALL,   1               # where to go
        .equ    RET,    CALL + 1        # where to come back to

        .text

# The main program: the two halves of a line, and once again.

        ldzwq   print_hello,    %CALL
        jmp     %CALL,          %RET

        ldzwq   print_world,    %CALL
        jmp     %CALL,          %RET

        ldzwq   print_hello,    %CALL
        jmp     %CALL,          %RET

        ldzwq   print_world,    %CALL
        jmp     %CALL,          %RET

        halt    0

# print_hello(): writes "hello, "

print_hello:
        putc    'h'
        putc    'e'
        putc    'l'
        putc    'l'
        putc    'o'
        putc    ','
        putc    ' '
        jmp     %RET,   %0

# print_world(): writes "world!" and ends the line

print_world:
        putc    'w'
        putc    'o'
        putc    'r'
        putc    'l'
        putc    'd'
        putc    '!'
        putc    '\n'
        jmp     %RET,   %0
