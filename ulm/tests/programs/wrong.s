# Two errors.
        adq     1, %1, %1
        halt
