        .string "über"
        halt 0
