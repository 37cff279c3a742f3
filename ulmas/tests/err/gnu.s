        .section .text
        .global main
main:
        mov     $5, %rax
        movq    %rsp, %rbp
        add     $1, %eax
        cmp     $10, %eax
        jne     main
        addq    $1, %1, %1
        ret
