# Heapsort of SIZE pseudo-random unsigned numbers of 64 bits: how many neighbours are out of order
# afterwards (none), and a checksum that depends on the order.

        .equ    SIZE,           900000

# x := x * MULTIPLIER + INCREMENT, modulo 2^64 (Knuth's MMIX generator)
        .equ    MULTIPLIER,     6364136223846793005
        .equ    INCREMENT,      1442695040888963407

        .equ    FP,             1       # frame of the running function
        .equ    SP,             2       # lower end of the stack
        .equ    RET,            3       # return address

# scratch; the division in print_number wants four registers in a row
        .equ    CALL,           4
        .equ    ARRAY,          5       # address of the numbers
        .equ    LOW,            6       # numerator, then quotient
        .equ    HIGH,           LOW + 1
        .equ    DIGIT,          LOW + 2
        .equ    POINTER,        LOW + 3
        .equ    INDEX,          10
        .equ    LIMIT,          11
        .equ    X,              12
        .equ    FACTOR,         13
        .equ    TERM,           14
        .equ    DISORDER,       15      # neighbours that are out of order
        .equ    SUM,            16
        .equ    PREVIOUS,       17
        .equ    ROOT,           18      # where there is a hole in the heap
        .equ    END,            19      # the heap is what is before it
        .equ    VALUE,          20      # to put into the hole
        .equ    CHILD,          21
        .equ    GREATER,        22      # the greater one of the children
        .equ    RIGHT,          23
        .equ    OTHER,          24

# a frame, as seen from %SP before and from %FP in the callee
        .equ    ret,            0
        .equ    fp,             8
        .equ    rval,           16
        .equ    arg,            24
        .equ    arg1,           32
        .equ    FRAME,          32      # with one argument
        .equ    FRAME2,         40      # with two

        .text

# The main program has a frame, too, with one local variable.

        .equ    counter,        -8

        ldzwq   0,              %SP
        ldzwq   0,              %FP
        subq    8,              %SP,            %SP

        ldzwq   @w3(MULTIPLIER), %FACTOR
        shldwq  @w2(MULTIPLIER), %FACTOR
        shldwq  @w1(MULTIPLIER), %FACTOR
        shldwq  @w0(MULTIPLIER), %FACTOR
        ldzwq   @w3(INCREMENT), %TERM
        shldwq  @w2(INCREMENT), %TERM
        shldwq  @w1(INCREMENT), %TERM
        shldwq  @w0(INCREMENT), %TERM
        ldzwq   @w1(SIZE),      %LIMIT
        shldwq  @w0(SIZE),      %LIMIT
        ldzwq   array,          %ARRAY
        ldzwq   1,              %X
        ldzwq   0,              %INDEX
fill:
        imulq   %FACTOR,        %X,             %X
        addq    %TERM,          %X,             %X
        movq    %X,             (%ARRAY, %INDEX, 8)
        addq    1,              %INDEX,         %INDEX
        subq    %LIMIT,         %INDEX,         %0
        jb      fill

        # make a heap: sift(counter, SIZE) for counter = SIZE / 2 - 1, ..., 0
        ldzwq   @w1(SIZE / 2),  %INDEX
        shldwq  @w0(SIZE / 2),  %INDEX
build:
        subq    1,              %INDEX,         %INDEX
        movq    %INDEX,         counter(%FP)
        ldzwq   @w1(SIZE),      %LIMIT
        shldwq  @w0(SIZE),      %LIMIT
        subq    FRAME2,         %SP,            %SP
        movq    %INDEX,         arg(%SP)
        movq    %LIMIT,         arg1(%SP)
        ldzwq   sift,           %CALL
        jmp     %CALL,          %RET
        addq    FRAME2,         %SP,            %SP
        movq    counter(%FP),   %INDEX
        subq    0,              %INDEX,         %0
        jnz     build

        # the greatest goes behind the heap: sift(0, counter) for counter = SIZE - 1, ..., 1
        ldzwq   @w1(SIZE - 1),  %INDEX
        shldwq  @w0(SIZE - 1),  %INDEX
extract:
        movq    %INDEX,         counter(%FP)
        ldzwq   array,          %ARRAY
        movq    (%ARRAY),       %GREATER
        movq    (%ARRAY, %INDEX, 8), %VALUE
        movq    %VALUE,         (%ARRAY)
        movq    %GREATER,       (%ARRAY, %INDEX, 8)
        subq    FRAME2,         %SP,            %SP
        movq    %0,             arg(%SP)
        movq    %INDEX,         arg1(%SP)
        ldzwq   sift,           %CALL
        jmp     %CALL,          %RET
        addq    FRAME2,         %SP,            %SP
        movq    counter(%FP),   %INDEX
        subq    1,              %INDEX,         %INDEX
        jnz     extract

        # look at the result
        ldzwq   array,          %ARRAY
        ldzwq   @w1(SIZE),      %LIMIT
        shldwq  @w0(SIZE),      %LIMIT
        ldzwq   0,              %DISORDER
        ldzwq   0,              %SUM
        ldzwq   0,              %PREVIOUS
        ldzwq   0,              %INDEX
look:
        movq    (%ARRAY, %INDEX, 8), %VALUE
        subq    %PREVIOUS,      %VALUE,         %0
        jae     in_order
        addq    1,              %DISORDER,      %DISORDER
in_order:
        imulq   31,             %SUM,           %SUM
        addq    %VALUE,         %SUM,           %SUM
        addq    %VALUE,         %0,             %PREVIOUS
        addq    1,              %INDEX,         %INDEX
        subq    %LIMIT,         %INDEX,         %0
        jb      look

        movq    %SUM,           counter(%FP)
        subq    FRAME,          %SP,            %SP
        movq    %DISORDER,      arg(%SP)
        ldzwq   print_number,   %CALL
        jmp     %CALL,          %RET
        putc    '\n'
        movq    counter(%FP),   %SUM
        movq    %SUM,           arg(%SP)
        ldzwq   print_number,   %CALL
        jmp     %CALL,          %RET
        putc    '\n'
        addq    FRAME,          %SP,            %SP
        halt    0

# sift(root, end): puts the number at root where it belongs in the heap before end

sift:
        movq    %RET,           ret(%SP)
        movq    %FP,            fp(%SP)
        addq    %SP,            %0,             %FP

        movq    arg(%FP),       %ROOT
        movq    arg1(%FP),      %END
        ldzwq   array,          %ARRAY
        movq    (%ARRAY, %ROOT, 8), %VALUE
.down:
        addq    %ROOT,          %ROOT,          %CHILD
        addq    1,              %CHILD,         %CHILD
        subq    %END,           %CHILD,         %0
        jae     .place
        movq    (%ARRAY, %CHILD, 8), %GREATER
        addq    1,              %CHILD,         %RIGHT
        subq    %END,           %RIGHT,         %0
        jae     .compare
        movq    (%ARRAY, %RIGHT, 8), %OTHER
        subq    %GREATER,       %OTHER,         %0
        jbe     .compare
        addq    %OTHER,         %0,             %GREATER
        addq    %RIGHT,         %0,             %CHILD
.compare:
        subq    %VALUE,         %GREATER,       %0
        jbe     .place
        movq    %GREATER,       (%ARRAY, %ROOT, 8)
        addq    %CHILD,         %0,             %ROOT
        jmp     .down
.place:
        movq    %VALUE,         (%ARRAY, %ROOT, 8)

        addq    %FP,            %0,             %SP
        movq    ret(%FP),       %RET
        movq    fp(%FP),        %FP
        jmp     %RET,           %0

# print_number(number): prints an unsigned number in decimal

print_number:
        movq    %RET,           ret(%SP)
        movq    %FP,            fp(%SP)
        addq    %SP,            %0,             %FP

        movq    arg(%FP),       %LOW
        ldzwq   0,              %HIGH
        ldzwq   digits_end,     %POINTER
        movb    %0,             (%POINTER)      # ends the digits
.next_digit:
        divq    10,             %LOW,           %LOW
        addq    '0',            %DIGIT,         %DIGIT
        subq    1,              %POINTER,       %POINTER
        movb    %DIGIT,         (%POINTER)
        subq    0,              %LOW,           %0
        jnz     .next_digit
.print_digit:
        putc    %DIGIT
        addq    1,              %POINTER,       %POINTER
        movzbq  (%POINTER),     %DIGIT
        subq    0,              %DIGIT,         %0
        jnz     .print_digit

        addq    %FP,            %0,             %SP
        movq    ret(%FP),       %RET
        movq    fp(%FP),        %FP
        jmp     %RET,           %0

        .bss
        .space  20                      # 2^64 - 1 has 20 digits
digits_end:
        .space  1                       # and a 0 behind them
        .align  8
array:
        .space  8 * SIZE
