#!/bin/bash
# Runs the runners of all languages over the vectors, then lets each of them dump what each wrote, and
# what Telethon wrote: all dumps of a file must be equal, byte for byte.
#
# usage: cross.sh [RUNNERS [FOLDER]]: a folder of executables, one a language, named like it, and a
# folder to work in, which is emptied.
set -uo pipefail
vectors=$(cd "$(dirname "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$vectors/../../target}/vectors
runners=${1:-$target/runners}
folder=${2:-$target/work}
rm -rf "$folder"
mkdir -p "$folder" || exit 2

passed=0
failed=0
fail() {
    echo "$1"
    failed=$((failed + 1))
}

languages=()
for runner in "$runners"/*; do
    [ -x "$runner" ] && languages+=("${runner##*/}")
done
if [ ${#languages[@]} = 0 ]; then
    echo "no runner in $runners"
    exit 2
fi

for language in "${languages[@]}"; do
    mkdir "$folder/$language"
    "$runners/$language" check "$vectors" "$folder/$language" >"$folder/$language.txt" 2>&1
    status=$?
    counts=$(tail -1 "$folder/$language.txt")
    if [[ $counts =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
        [ $status = 0 ] || [ "${BASH_REMATCH[2]}" != 0 ] || fail "$language: exit status $status"
    else
        fail "$language: check did not come to its end (exit status $status)"
    fi
    [ $status = 0 ] || sed "s/^/$language: /" "$folder/$language.txt"
    "$runners/$language" write "$vectors" "$folder/$language.session" ||
        fail "$language: cannot write its session"
done

# dump_all FILE EXPECTED: every language's dump of FILE against EXPECTED, which the first one makes
# where it is not there.
dump_all() {
    for language in "${languages[@]}"; do
        if ! "$runners/$language" dump "$vectors" "$1" >"$folder/dump" 2>"$folder/dump-errors"; then
            fail "$language: cannot dump $1: $(cat "$folder/dump-errors")"
        elif [ ! -e "$2" ]; then
            mv "$folder/dump" "$2"
        elif cmp -s "$folder/dump" "$2"; then
            passed=$((passed + 1))
        else
            fail "$language: its dump of $1 differs"
            diff "$2" "$folder/dump"
        fi
    done
}
for language in "${languages[@]}"; do
    dump_all "$folder/$language.session" "$vectors/dump.txt"
done
for session in "$vectors"/../fixtures/telethon/telethon-1.*.session; do
    name=${session##*/}
    cp "$session" "$folder/$name"
    dump_all "$folder/$name" "$folder/$name.txt"
done

echo "${#languages[@]} languages: ${languages[*]}"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
