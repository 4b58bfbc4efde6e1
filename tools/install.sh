#!/bin/bash
# Installs what `make build` built, below $PREFIX (/usr/local); files go to $DESTDIR$PREFIX.
set -euo pipefail
cd "$(dirname "$0")/.."

prefix=${PREFIX:-/usr/local}
target=${CARGO_TARGET_DIR:-target}/release
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
abi=$(sed -n 's/^#define MTS_ABI_VERSION //p' include/mtsession.h)

case $prefix in
/*) ;;
*)
    echo "install: PREFIX must be an absolute path, not '$prefix'" >&2
    exit 1
    ;;
esac
if ! [ -e "$target/libmtsession.so" ] || ! [ -e "$target/libmtsession.a" ]; then
    echo "install: there is no library in $target; run 'make build' first" >&2
    exit 1
fi

root=${DESTDIR:-}$prefix
lib=$root/lib

put() { # put FILE FOLDER
    install -D -m 644 -t "$2" "$1"
}
fill_in() { # fill_in TEMPLATE FOLDER
    install -d "$2"
    sed -e "s|@PREFIX@|$prefix|g" -e "s|@VERSION@|$version|g" -e "s|@ABI@|$abi|g" "$1" \
        >"$2/$(basename "$1" .in)"
    chmod 644 "$2/$(basename "$1" .in)"
}

install -D -m 755 "$target/libmtsession.so" "$lib/libmtsession.so.$version"
ln -sf "libmtsession.so.$version" "$lib/libmtsession.so.$abi"
ln -sf "libmtsession.so.$abi" "$lib/libmtsession.so"
tools/static-lib.sh "$target" "$target/static/libmtsession.a"
put "$target/static/libmtsession.a" "$lib"
put include/mtsession.h "$root/include"
put bindings/cpp/include/mtsession.hpp "$root/include"
for header in bindings/cpp/include/mtsession/*.hpp; do
    put "$header" "$root/include/mtsession"
done
fill_in tools/install/mtsession.pc.in "$lib/pkgconfig"
fill_in tools/install/mtsession-config.cmake.in "$lib/cmake/mtsession"
fill_in tools/install/mtsession-config-version.cmake.in "$lib/cmake/mtsession"
echo "installed mtsession $version in $root"
