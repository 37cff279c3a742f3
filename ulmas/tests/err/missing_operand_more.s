        .space
        .align
        .string
        .string hello
        .string 'hello'
        .globl
        .globl  5
        .globl  a, b
        .text   0
        .string "a", "b"
        .space  4, 5
        ldzwq   5 +, %1
        ldzwq   * 5, %1
        ldzwq   (5 + 3, %1
        ldzwq   5 + 3), %1
        movq    8(%1, %2
        movq    8%1), %2
        ldzwq   @, %1
