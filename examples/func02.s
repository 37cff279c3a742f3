# Functions, second step: an argument.
#
# Caller and callee agree on registers. The argument is in %CALLEE0, and the
# function may change %CALLEE0 and %CALLEE1, nothing else. Since it has to leave
# %RET alone, too, it can't call a function itself: it is a leaf of the tree of
# calls.
#
# A string is a row of bytes, so UTF-8 needs no special care.
#
#       ulm examples/func02.s
#       cargo run --release -- examples/func02.s        (from a source checkout)

# what a function may change
        .equ    CALLEE0,        1
        .equ    CALLEE1,        CALLEE0 + 1

# what belongs to the main program
        .equ    CALL,           CALLEE1 + 1
        .equ    RET,            CALL + 1

        .data
english:
        .string "hello, world!\n"
german:
        .string "Hallo Welt!🍺\n"
chinese:
        .string "你好,世界\n"

        .text

        ldzwq   english,        %CALLEE0
        ldzwq   print_text,     %CALL
        jmp     %CALL,          %RET

        ldzwq   german,         %CALLEE0
        ldzwq   print_text,     %CALL
        jmp     %CALL,          %RET

        ldzwq   chinese,        %CALLEE0
        ldzwq   print_text,     %CALL
        jmp     %CALL,          %RET

        halt    0

# print_text(string): prints a string
#
#   %CALLEE0    address of the next byte
#   %CALLEE1    the byte

print_text:
        movzbq  (%CALLEE0),     %CALLEE1
        subq    0,              %CALLEE1,       %0
        jz      .text_ends
        putc    %CALLEE1
        addq    1,              %CALLEE0,       %CALLEE0
        jmp     print_text
.text_ends:
        jmp     %RET,           %0
