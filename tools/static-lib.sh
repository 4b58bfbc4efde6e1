#!/bin/bash
# static-lib.sh FOLDER OUT: makes of rustc's libmtsession.a in FOLDER one that shows our names only.
#
# What rustc makes shows every name in it, some 280 of SQLite among them. In a program with a SQLite
# of its own the linker would then take one of the two for both, without a word.
set -euo pipefail
folder=$1 out=$2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One object of what our functions need, and of nothing else. Which they are, the shared library
# tells: rustc's bitcode in the archive is too much for nm.
nm -D --defined-only "$folder/libmtsession.so" | sed -n 's/^.* T \(mts_[a-z0-9_]*\)$/--undefined=\1/p' \
    >"$work/exports"
ld -r --gc-sections "@$work/exports" "$folder/libmtsession.a" -o "$work/linked.o"
# The bitcode is for rustc only, and makes ar look for a plugin.
objcopy -R .llvmbc -R .llvmcmd --strip-debug --wildcard --keep-global-symbol='mts_*' \
    "$work/linked.o" "$work/mtsession.o"
ar rcsD "$work/libmtsession.a" "$work/mtsession.o"
mkdir -p "$(dirname "$out")"
mv "$work/libmtsession.a" "$out"
