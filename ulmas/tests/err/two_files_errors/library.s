        .globl  puts
helper:
puts:
        adq     1, %1, %1
        jmp     helper
