# The greatest common divisor, under the leaf convention: 832040 and 514229.

        .equ    CALLEE0,        1
        .equ    CALLEE1,        CALLEE0 + 1
        .equ    CALLEE2,        CALLEE1 + 1     # quotient
        .equ    CALLEE3,        CALLEE2 + 1     # remainder
        .equ    CALL,           CALLEE3 + 1
        .equ    RET,            CALL + 1

        .text
        ldzwq   12,             %CALLEE0        # 832040
        shldwq  45608,          %CALLEE0
        ldzwq   7,              %CALLEE1        # 514229
        shldwq  55477,          %CALLEE1
        ldzwq   gcd,            %CALL
        jmp     %CALL,          %RET
        halt    0

gcd:
        subq    0,              %CALLEE1,       %0
        jz      .done
.next:
        idivq   %CALLEE1,       %CALLEE0,       %CALLEE2
        addq    %CALLEE1,       %0,             %CALLEE0
        addq    %CALLEE3,       %0,             %CALLEE1
        jnz     .next                   # the addition has set ZF
.done:
        jmp     %RET,           %0
