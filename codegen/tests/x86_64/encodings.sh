#!/usr/bin/env bash
# Writes encodings.txt: the bytes that GNU as makes of each line of Intel syntax in the given file,
# in hex, and the line. Stops if llvm-mc makes other bytes of one.
#
#   codegen/tests/x86_64/encodings.sh TEXTS > codegen/tests/x86_64/encodings.txt
#
# The test `the bytes are those of GNU as` says where it has written the texts.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

{ echo '.intel_syntax noprefix'; cat "$1"; } > "$work/texts.s"
# A line of the listing: number, offset, bytes in groups of four, text.
as --64 --listing-lhs-width=8 -aln="$work/listing" -o "$work/texts.o" "$work/texts.s"
sed -nE 's/^ *[0-9]+ [0-9a-f]+ ([0-9A-F ]+)\t.*/\1/p' "$work/listing" |
    tr -d ' ' | tr A-F a-f > "$work/bytes"
paste -d' ' "$work/bytes" "$1" > "$work/golden"

llvm-mc -triple=x86_64 -x86-asm-syntax=intel -show-encoding "$work/texts.s" |
    sed -n 's/.*encoding: \[\(.*\)\]/\1/p' | sed 's/0x//g; s/,//g' > "$work/llvm"
if ! paste -d' ' "$work/llvm" "$1" | diff - "$work/golden" > "$work/differences"; then
    echo 'llvm-mc and GNU as do not agree:' >&2
    head -n 20 "$work/differences" >&2
    exit 1
fi

cat "$work/golden"
