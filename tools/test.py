#!/usr/bin/env python3
"""Runs everything that is tested: one line a part, the whole output of what failed, and at the
end one line of counts. A tool that is missing is a failure, as is an ignored test."""

import itertools
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
SCRATCH = TARGET / "test"
BUILD = ROOT / "bindings/c/build"
FIXTURES = ROOT / "tests/fixtures/telethon"
CSHARP = TARGET / "csharp"
VECTORS = ROOT / "tests/vectors"
GO = ROOT / "tools/go.sh"
GO_STATIC = f"CGO_LDFLAGS=-L{TARGET}/release/static"
RUNNERS = TARGET / "vectors/runners"
PREFIX = SCRATCH / "prefix"
CPP = ROOT / "bindings/cpp"

WARN = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
INCLUDE = f"-I{ROOT}/include"
SHARED = [f"-L{BUILD}", f"-Wl,-rpath,{BUILD}", "-lmtsession"]
STATIC = [str(PREFIX / "lib/libmtsession.a"), "-lutil", "-lrt", "-lpthread", "-lm", "-ldl"]
# 9, for our own programs end with 1 where something fails.
VALGRIND = ["valgrind", "--quiet", "--leak-check=full", "--error-exitcode=9"]
C_COMPILERS = list(itertools.product(["gcc", "clang"], ["c99", "c11", "c17", "c2x"]))
CXX_COMPILERS = list(itertools.product(["g++", "clang++"], ["c++17", "c++20", "c++2b"]))

passed = failed = 0


def run(*command):
    """One command's (exit status is 0, output)."""
    try:
        done = subprocess.run([str(word) for word in command], cwd=ROOT, text=True,
                              errors="replace", stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        return False, f"{command[0]}: {error}; tools/setup.sh installs what is missing\n"
    tail = "" if done.returncode == 0 else f"exit status {done.returncode}\n"
    return done.returncode == 0, done.stdout + tail


def part(title, work):
    """Runs `work`, which answers (passed, failed, output), and says how it went."""
    global passed, failed
    print(f"{title} ... ", end="", flush=True)
    began = time.monotonic()
    good, bad, output = work()
    if good + bad == 0:
        bad, output = 1, output + "nothing was tested\n"
    passed, failed = passed + good, failed + bad
    print(f"{good} passed, {bad} failed ({time.monotonic() - began:.0f} s)", flush=True)
    if bad:
        print(output, flush=True)


def jobs(named):
    """Runs each job, a name and its commands, all of which must succeed; counts jobs."""
    def one(job):
        name, commands = job
        for command in commands:
            good, output = run(*command)
            if not good:
                return f"--- {name}: {' '.join(map(str, command))}\n{output}"
        return ""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outputs = list(pool.map(one, named))
    bad = sum(1 for output in outputs if output)
    return len(outputs) - bad, bad, "".join(outputs)


def counted(pattern, *command):
    """Runs a command that counts by itself; `pattern` finds passed, failed (and ignored)."""
    good, output = run(*command)
    counts = [tuple(map(int, found)) for found in re.findall(pattern, output)]
    ok = sum(count[0] for count in counts)
    bad = sum(sum(count[1:]) for count in counts)
    return ok, bad or (0 if good else 1), output


def folder(name):
    """An empty folder for one test to write in."""
    path = SCRATCH / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def ends(status, text, *command):
    """A command that succeeds where `command` ends with `status` and writes `text`."""
    return ["sh", "-c", f'said=$("$@" 2>&1); [ $? = {status} ] && '
            'echo "$said" | grep -Fqe "$0" || { echo "$said"; false; }', text, *command]


def header():
    twice = ["-include", ROOT / "include/mtsession.h"] * 2
    for language, compilers in ("c", C_COMPILERS), ("c++", CXX_COMPILERS):
        for compiler, std in compilers:
            yield f"{compiler} {std}", [[compiler, "-x", language, f"-std={std}", *WARN, *twice,
                                         "-fsyntax-only", "/dev/null"]]


def c_tests():
    """Each program of tests/c, with every compiler and standard, both libraries, and valgrind.

    A program is run in a folder of its own, which it gets with that of the fixtures."""
    for source in sorted((ROOT / "tests/c").glob("*.c")):
        ways = [(f"{cc}-{std}", cc, std, SHARED, []) for cc, std in C_COMPILERS]
        ways.append(("static", "gcc", "c99", STATIC, []))
        ways.append(("valgrind", "gcc", "c99", SHARED, VALGRIND))
        for way, compiler, std, library, wrapper in ways:
            name = f"{source.stem}-{way}"
            place = folder(f"c/{name}")
            program = place.parent / f"{name}.exe"
            yield name, [[compiler, f"-std={std}", "-g", *WARN, INCLUDE, source, "-o", program,
                          *library],
                         [*wrapper, program, place, FIXTURES]]


# Around the loop that the header shows: the texts of one entity outgrow its heap.
PAGES = """#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mtsession.h"

int main(void)
{
    mts_session *session;
    mts_error *error;
    mts_entity records[100];
    mts_page page;
    uint32_t i;
    char name[4096];

    memset(name, 'x', sizeof name);
    if (mts_session_memory(NULL, &session, &error) != MTS_OK
        || mts_session_put_entity(session, 1, 1, 0, 0, "first", MTS_Z, NULL, 0, "First", MTS_Z,
                                  &error) != MTS_OK
        || mts_session_put_entity(session, 2, 1, 0, 0, "long", MTS_Z, NULL, 0, name, sizeof name,
                                  &error) != MTS_OK
        || mts_session_put_entity(session, 3, 1, 0, 0, "last", MTS_Z, NULL, 0, "Last", MTS_Z,
                                  &error) != MTS_OK)
        return 2;
%s
    mts_session_free(session);
    return status != MTS_DONE;
}
"""


def examples():
    for way, wrapper in ("run", []), ("valgrind", VALGRIND):
        place = folder(f"examples/{way}")
        session = place / "quickstart.session"
        for name, runs in {
            "quickstart": [[session], [session]],
            "inspect": [[FIXTURES / "telethon-1.45.0.session"]],
            "custom_storage": [[]],
            "string_session": [["export", FIXTURES / "telethon-1.45.0.session"]],
        }.items():
            yield f"{name} {way}", [[*wrapper, BUILD / name, *words] for words in runs]
        # What a session leaves until the process ends is no loss; an error that is not freed is one.
        nowhere = "MTS_E_IO: cannot open the folder /nowhere"
        for name, words, text, leaks in [
            ("quickstart", ["/nowhere/a.session"], nowhere, "all"),
            ("inspect", ["/nowhere/a.session"], nowhere, "all"),
            ("string_session", ["export", "/nowhere/a.session"], nowhere, "all"),
            ("string_session", ["export", FIXTURES / "telethon-1.45.0-fresh-unauthorized.session"],
             "is not logged in", "definite"),
            ("custom_storage", ["x" * 600], "callback failed: it is full", "definite"),
        ]:
            strict = [*wrapper, f"--errors-for-leak-kinds={leaks}"] if wrapper else []
            yield f"{name}: {text}, {way}", [ends(1, text, *strict, BUILD / name, *words)]
    example = folder("examples/readme") / "example.c"
    example.write_text(re.search(r"```c\n(.*?)```", (ROOT / "README.md").read_text(), re.S)[1])
    program = example.with_suffix("")
    yield "README", [["gcc", "-std=c99", *WARN, INCLUDE, example, "-o", program, *SHARED],
                     ["env", "-C", example.parent, program]]
    pages = example.with_name("pages.c")
    shown = re.search(r"\* PAGES\..*?:\n \*\n(.*?) \*\n \* SAVING",
                      (ROOT / "include/mtsession.h").read_text(), re.S)[1]
    pages.write_text(PAGES % re.sub(r"(?m)^ \*", "", shown))
    program = pages.with_suffix("")
    yield "header's pages", [["gcc", "-std=c99", *WARN, INCLUDE, pages, "-o", program, *SHARED],
                             ends(0, "Last", *VALGRIND, program)]
    # One that needs more room than a page of others: it is shown, and so are those behind it.
    long = example.with_name("long.session")
    shutil.copy(FIXTURES / "telethon-1.45.0.session", long)
    with sqlite3.connect(long) as db:
        db.execute("update entities set name = ? where username = 'adauser'", ["x" * 4096])
    for words in [long], [long, "@adauser"]:
        yield f"inspect, a long name, {len(words)}", [ends(0, "xxxx  @adauser", BUILD / "inspect", *words)]
    yield "demo", [["tools/demo.sh"]]


def cpp_tests():
    """The CMake project against what is installed, with each compiler and standard; sanitized."""
    yield "coverage", [[CPP / "tests/coverage.py"]]
    ways = [(f"{compiler} {std}", compiler, std, "") for compiler, std in CXX_COMPILERS]
    # gcc warns falsely in what it has instrumented.
    ways.append(("sanitizers", "g++", "c++20", "-fsanitize=address,undefined "
                 "-fno-sanitize-recover -Wno-maybe-uninitialized"))
    for way, compiler, std, flags in ways:
        place = folder(f"cpp/{way.replace(' ', '-')}")
        yield way, [["cmake", "-S", CPP, "-B", place, f"-DCMAKE_CXX_COMPILER={compiler}",
                     f"-DCMAKE_CXX_STANDARD={std[3:].replace('2b', '23')}",
                     f"-DCMAKE_CXX_FLAGS={flags}", f"-DCMAKE_PREFIX_PATH={PREFIX}"],
                    ["cmake", "--build", place],
                    ["ctest", "--test-dir", place, "--no-tests=error", "--output-on-failure"]]


def cpp_under_valgrind():
    built = SCRATCH / "cpp/g++-c++17"
    for name in "api", "ranges", "storage", "nothrow", "quickstart", "custom_storage":
        place = folder(f"cpp/valgrind-{name}")
        yield name, [["env", "-C", place, *VALGRIND, built / name]]


def csharp_programs():
    place = folder("csharp")
    session = place / "telethon.session"
    shutil.copy(FIXTURES / "telethon-1.45.0.session", session)
    yield "example", [[CSHARP / "bin/example", session, "@AdaUser", "-4444"]]
    yield "bench", [[CSHARP / "bin/bench"]]
    for readme in sorted((CSHARP / "bin").glob("readme-*")):
        yield readme.name, [["env", "-C", place, readme]]


def runners():
    """The vectors' runner of each language, an executable RUNNERS/LANGUAGE."""
    shutil.rmtree(RUNNERS, ignore_errors=True)
    RUNNERS.mkdir(parents=True)
    yield "rust", [["cargo", "build", "--example", "vectors"],
                   ["ln", "-s", TARGET / "debug/examples/vectors", RUNNERS / "rust"]]
    yield "c", [["gcc", "-std=c99", "-D_POSIX_C_SOURCE=200809L", "-g", *WARN, INCLUDE,
                 *sorted((VECTORS / "c").glob("*.c")), "-o", RUNNERS / "c", *SHARED, "-ljansson"]]
    yield "cpp", [["g++", "-std=c++17", "-g", *WARN, INCLUDE, f"-I{CPP}/include",
                   *sorted((VECTORS / "cpp").glob("*.cpp")), "-o", RUNNERS / "cpp", *SHARED,
                   "-ljansson"]]
    yield "go", [[GO, "build", "-o", RUNNERS / "go", "./internal/vectors"]]
    yield "csharp", [["ln", "-s", CSHARP / "bin/vectors", RUNNERS / "csharp"]]


def runners_under_valgrind():
    place = folder("vectors")
    (place / "check").mkdir()
    for words in ["check", place / "check"], ["write", place / "a.session"]:
        yield words[0], [[*VALGRIND, RUNNERS / "c", words[0], VECTORS, words[1]]]


def go_checks():
    """The README's example too, in a module of its own."""
    yield "gofmt", [[GO, "gofmt"]]
    yield "vet", [[GO, "vet", "./..."]]
    yield "benchmarks", [[GO, "test", "-run=^$", "-bench=.", "-benchtime=1x", "."]]
    static = folder("go-static") / "runner"
    yield "static", [["env", GO_STATIC, GO, "build", "-tags=mtsession_static", "-o", static,
                      "./internal/vectors"],
                     ["sh", "-c", f"! readelf -d {static} | grep libmtsession"],
                     [static, "write", VECTORS, static.with_name("a.session")]]
    module = folder("go")
    (module / "main.go").write_text(
        re.search(r"```go\n(.*?)```", (ROOT / "README.md").read_text(), re.S)[1])
    (module / "go.mod").write_text(
        f"module readme\n\ngo 1.24\n\nrequire mtsession v0.0.0\n\n"
        f"replace mtsession => {ROOT}/bindings/go\n")
    yield "README", [[GO, "build", "-C", module, "."], ["env", "-C", module, "./readme"]]


def go_tests():
    """The same tests, in each way in which a program may be built or watched."""
    good = bad = 0
    output = ""
    for environment, flags in (
            ([], []),
            ([], ["-race"]),
            ([GO_STATIC], ["-tags=mtsession_static"]),
            (["GOGC=1", "GODEBUG=cgocheck=1"], []),
            (["GOGC=1", "GOEXPERIMENT=cgocheck2"], [])):
        ok, text = run("env", *environment, GO, "test", "-count=1", "-v", *flags, "./...")
        good += len(re.findall(r"(?m)^--- PASS", text))
        wrong = len(re.findall(r"(?m)^--- (?:FAIL|SKIP)", text)) or (0 if ok else 1)
        bad += wrong
        output += f"--- {' '.join(environment + flags)}\n{text}" if wrong else ""
    return good, bad, output


def main():
    part("cargo test", lambda: counted(
        r"test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored", "cargo", "test",
        "--no-fail-fast"))
    part("release library and C examples", lambda: jobs([("make examples", [["make", "examples"]])]))
    part("make install", lambda: jobs([
        ("make install", [["rm", "-rf", PREFIX], ["make", "install", f"PREFIX={PREFIX}"]])]))
    part("what is installed, and the README's ways to build", lambda: counted(
        r"(?m)^(\d+) passed, (\d+) failed$", ROOT / "tests/install/run.py", PREFIX,
        folder("install")))
    part("header, alone and twice, C99 to C23, C++17 to C++23", lambda: jobs(header()))
    part("C tests, shared, static and under valgrind", lambda: jobs(c_tests()))
    part("C examples", lambda: jobs(examples()))
    part("C++, each compiler and standard, sanitized", lambda: jobs(cpp_tests()))
    part("C++ under valgrind", lambda: jobs(cpp_under_valgrind()))
    part("Go: gofmt, vet, benchmarks, README", lambda: jobs(go_checks()))
    part("Go: shared, race, static, cgocheck", go_tests)
    part("C# build", lambda: jobs([("make.sh", [["tools/csharp/make.sh", CSHARP, BUILD]])]))
    part("C# tests", lambda: counted(r"(?m)^(\d+) passed, (\d+) failed$", CSHARP / "bin/tests"))
    part("C# programs", lambda: jobs(csharp_programs()))
    part("vector runners", lambda: jobs(runners()))
    part("vectors and dumps, all languages", lambda: counted(
        r"(?m)^(\d+) passed, (\d+) failed$", VECTORS / "cross.sh", RUNNERS, SCRATCH / "cross"))
    part("vectors in C under valgrind", lambda: jobs(runners_under_valgrind()))
    part("fuzzers", lambda: counted(
        r"(?m)^(\d+) passed, (\d+) failed$", ROOT / "tests/fuzz/run.py"))
    part("peers", lambda: counted(
        r"(?m)^(\d+) passed, (\d+) failed$", TARGET / "peers/1.45.0/bin/python",
        ROOT / "tests/peers/run.py", TARGET, BUILD))
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
