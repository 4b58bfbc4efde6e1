#!/bin/bash
# The go command in bindings/go, with the library that `make examples` linked, whatever is installed:
#   tools/go.sh test ./...
#   tools/go.sh gofmt        lists the files that gofmt would change, and fails if there are any
set -euo pipefail
cd "$(dirname "$0")/../bindings/go"
target=$(realpath -m "${CARGO_TARGET_DIR:-../../target}")
library=$(realpath -m ../c/build)
wanted=$(sed -n 's/^go //p' go.mod)
# The sources need no stamp, and git may refuse to give one.
export GOTOOLCHAIN=local GOFLAGS="-buildvcs=false ${GOFLAGS:-}"

for go in "$(command -v go || true)" "$target/toolchains/go/bin/go"; do
    found=$([ -x "$go" ] && "$go" env GOVERSION) || continue
    [ "$(printf '%s\n' "go$wanted" "$found" | sort -V | head -1)" = "go$wanted" ] && break
    go=
done
if [ ! -x "$go" ]; then
    echo "Go $wanted or later is needed; tools/setup.sh installs it" >&2
    exit 1
fi

if [ "${1:-}" = gofmt ]; then
    unformatted=$("$("$go" env GOROOT)/bin/gofmt" -l .)
    [ -z "$unformatted" ] || { echo "$unformatted"; exit 1; }
    exit
fi

mkdir -p "$target/go"
# Several of these may run at once.
package=$(mktemp "$target/go/XXXXXX")
cat >"$package" <<END
Name: mtsession
Description: the library that was just built
Version: $(sed -n 's/^version = "\(.*\)"/\1/p' ../../Cargo.toml | head -1)
Libs: -lmtsession
END
mv "$package" "$target/go/mtsession.pc"
export PKG_CONFIG_PATH=$target/go
# Here, since Go's cache forgets to look whether pkg-config says something else.
export CGO_LDFLAGS=${CGO_LDFLAGS:--L$library -Wl,-rpath,$library}
exec "$go" "$@"
