        # Größe
        .string "über"
        addq ÿ 1, %1, %1
        halt 0
