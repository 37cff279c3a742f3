        .equ    BIG, 300
        addq    1, %256, %1
        addq    1, %1, %-1
        putc    %BIG
        movq    8(%1000), %2
        movq    %2, (%18446744073709551615)
label:  putc    %label
        putc    %(200 + 100)
