#!/bin/bash
# Takes a session that a real Telethon wrote through the life of a client, with the C examples.
set -euo pipefail
cd "$(dirname "$0")/.."

there=${CARGO_TARGET_DIR:-target}/demo
session=$there/telethon.session
umask 077
rm -rf "$there"
mkdir -p "$there"

step() {
    printf '\n\033[1m%s\033[0m\n' "$1"
    shift
    printf '$ %s\n' "${*/#$there\//}"
    "bindings/c/build/$@" | sed 's/^/  /'
}

echo "A session file that Telethon 1.45 wrote, and a client in C that goes on with it."
cp tests/fixtures/telethon/telethon-1.45.0.session "$session"

step "What is in it" inspect "$session"
step "Whom do these name?" inspect "$session" @AdaUser +15550001111 https://t.me/newschan -4444
step "A client runs: it takes in what an update brought, reads on, and saves" quickstart "$session"
step "Opened again: nothing was lost" inspect "$session" t.me/amazing_grace @mtnews @AdaUser
step "The whole of it" inspect "$session"

printf '\n\033[1mThe login as Telethon'\''s string session\033[0m\n'
printf '$ string_session export telethon.session\n'
bindings/c/build/string_session export "$session" >"$there/string.txt"
printf '  %.60s... (%d characters)\n' "$(cat "$there/string.txt")" "$(tr -d '\n' <"$there/string.txt" | wc -c)"
step "And what is in that" string_session show <"$there/string.txt"

echo
echo "Done: the session is in $session, and Telethon opens it."
