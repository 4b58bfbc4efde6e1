#!/bin/bash
# Builds all that is C# here, README's programs too, and makes a command of each:
#   make.sh FOLDER LIBRARY_FOLDER   ->   FOLDER/bin/{tests,vectors,example,bench,readme-1...}
# It takes the .NET SDK where there is one, and else what tools/setup-csharp.sh installed in FOLDER.
set -euo pipefail
mkdir -p "$1"
folder=$(cd "$1" && pwd)
library=$(cd "$2" && pwd)
cd "$(dirname "$0")/../.."
projects=$PWD/bindings/csharp

rm -rf "$folder/bin" "$folder/readme"
mkdir -p "$folder/bin" "$folder/readme"
awk -v folder="$folder/readme" '
    /^```csharp$/ { program = 1; file = folder "/readme-" ++count "/Program.cs"
                    system("mkdir " folder "/readme-" count); next }
    /^```$/ { program = 0 }
    program { print > file }' README.md
cp "$projects/Directory.Build.props" "$folder/readme"
for readme in "$folder"/readme/readme-*; do
    sed "s|Include=\"\.\./|Include=\"$projects/|" "$projects/MtSession.Example/MtSession.Example.csproj" \
        >"$readme/${readme##*/}.csproj"
done

declare -A commands=([vectors]=MtSession.Vectors [example]=MtSession.Example [bench]=MtSession.Bench)
files=()
for name in "${!commands[@]}"; do
    files+=("$projects/${commands[$name]}/${commands[$name]}.csproj")
done
for readme in "$folder"/readme/readme-*; do
    commands[${readme##*/}]=${readme##*/}
    files+=("$readme/${readme##*/}.csproj")
done

script() { # script NAME WORDS...: FOLDER/bin/NAME, which runs these words
    local name=$1
    shift
    printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" DOTNET_CLI_TELEMETRY_OPTOUT=1 exec %s\n' "$library" "$*" \
        >"$folder/bin/$name"
    chmod +x "$folder/bin/$name"
}

if dotnet --version >/dev/null 2>&1; then
    dotnet=dotnet
    for file in "${files[@]}"; do
        name=$(basename "$file" .csproj)
        dotnet build --nologo -v quiet -c Release -o "$folder/out/$name" "$file"
    done
    script tests dotnet test --nologo -c Release "'$projects/MtSession.Tests' \"\$@\" |
        sed 's/^.*Failed: *\\([0-9]*\\), Passed: *\\([0-9]*\\),.*/\\2 passed, \\1 failed/'"
else
    dotnet=$folder/dotnet/dotnet
    "$folder/venv/bin/python" tools/csharp/build.py "$folder/out" \
        "$projects/MtSession.Tests/MtSession.Tests.csproj" "${files[@]}"
    commands[tests]=MtSession.Tests
fi
for name in "${!commands[@]}"; do
    program=${commands[$name]}
    script "$name" "'$dotnet' '$folder/out/$program/$program.dll' \"\$@\""
done
