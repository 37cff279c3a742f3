# Copies its input to its output.
#
# At the end of the input getc gives 255. UTF-8 text never contains a byte 255,
# so the program can tell the end from a character.
#
#       echo Servus | ulm examples/echo.s
#       echo Servus | cargo run --release -- examples/echo.s  (source checkout)

        .equ    END_OF_INPUT,   255

        .equ    ch,             1       # the character

        .text
next:   getc    %ch
        subq    END_OF_INPUT,   %ch,    %0
        jz      done
        putc    %ch
        jmp     next
done:   halt    0
