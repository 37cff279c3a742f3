#!/bin/sh
# Makes golden.txt: the words that GNU as gives for the texts of the instruction forms. llvm-mc must
# agree. The argument is a file with a word and a text a line; only the texts are used. Such a file is
# written by `cargo test -p codegen --test aarch64 golden` if the forms are not those of golden.txt.
#
# Made with GNU as 2.40 and LLVM 14.0.6.
set -eu
texts=$(mktemp -d)
trap 'rm -r "$texts"' EXIT
cut -c 11- "$1" >"$texts/all.s"
aarch64-linux-gnu-as -march=armv8-a -o "$texts/gnu.o" "$texts/all.s"
aarch64-linux-gnu-objcopy -O binary -j .text "$texts/gnu.o" "$texts/gnu.bin"
llvm-mc -triple=aarch64 -filetype=obj -o "$texts/llvm.o" "$texts/all.s"
aarch64-linux-gnu-objcopy -O binary -j .text "$texts/llvm.o" "$texts/llvm.bin"
cmp "$texts/gnu.bin" "$texts/llvm.bin"
od -An -v -w4 -tx4 --endian=little "$texts/gnu.bin" | tr -d ' ' |
    paste -d ' ' - /dev/null | paste -d ' ' - "$texts/all.s" >"$(dirname "$0")/golden.txt"
