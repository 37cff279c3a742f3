        addq    1, %1, %1
        addq    1, %1,