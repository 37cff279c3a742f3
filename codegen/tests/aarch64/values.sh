#!/bin/sh
# Makes values.txt: what instructions leave in x1 and in the flags, in qemu. The argument is a file of
# lines `instruction ; …`; only the instructions are used. Such a file is written by
# `cargo test -p codegen --test aarch64 values` if the instructions are not those of values.txt.
#
# Made with GNU binutils 2.40 and qemu-aarch64 7.2.
set -eu
place=$(mktemp -d)
trap 'rm -r "$place"' EXIT
sed 's/ ;.*//' "$1" >"$place/instructions"
sets=6
{
    # For each instruction and each set of inputs: set, execute, record.
    echo '.globl _start'
    echo '_start: ldr x20, =buffer'
    while read -r instruction; do
        for set in $(seq 0 $((sets - 1))); do
            printf 'mov x6, %d\nbl set\n%s\nbl record\n' "$set" "$instruction"
        done
    done <"$place/instructions"
    cat <<'END'
        ldr  x1, =buffer
        sub  x2, x20, x1
        mov  x0, 1
        mov  x8, 64         // write
        svc  0
        mov  x0, 0
        mov  x8, 93         // exit
        svc  0
set:    ldr  x7, =inputs
        mov  x5, 48
        madd x7, x6, x5, x7
        ldp  x1, x10, [x7]
        ldp  x11, x12, [x7, 16]
        ldp  x5, x6, [x7, 32]
        cmp  x5, x6
        ret
record: mrs  x2, nzcv
        lsr  x2, x2, 28
        stp  x1, x2, [x20], 16
        ret
        .data
inputs: .quad 5, 7, 3, 1, 0, 0
        .quad 0, -1, 1, 9, 0, 1
        .quad 1 << 63, 1 << 63, -1, 0, 1, 0
        .quad -1, 0, 0, -1, 1 << 63, 1
        .quad 0x0123456789abcdef, 0xfedcba9876543210, 65, 1 << 63, 0x7fffffffffffffff, -1
        .quad 0x7fffffffffffffff, 0x8081828384858687, 0xffffffff00000040, 12, 3, 4
        .bss
END
    echo "buffer: .skip $((16 * sets * $(wc -l <"$place/instructions")))"
} >"$place/values.s"
aarch64-linux-gnu-as -o "$place/values.o" "$place/values.s"
aarch64-linux-gnu-ld -o "$place/values" "$place/values.o"
qemu-aarch64 "$place/values" >"$place/values.bin"
# A line for each instruction: a value of 16 digits and the flags as one digit, for each set.
od -An -v -w$((16 * sets)) -tx8 --endian=little "$place/values.bin" |
    sed -E 's/ ([0-9a-f]{16}) 0{15}([0-9a-f])/ \1 \2/g' |
    paste -d ';' "$place/instructions" - | sed 's/;/ ;/' >"$(dirname "$0")/values.txt"
