#!/usr/bin/env python3
"""What `make install` puts in place: programs are built out of a fresh prefix in every way that the
README names, and the libraries are looked at.

usage: run.py PREFIX SCRATCH
"""

import os
import pathlib
import re
import subprocess
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PREFIX = pathlib.Path(sys.argv[1]).resolve()
SCRATCH = pathlib.Path(sys.argv[2]).resolve()
LIB = PREFIX / "lib"
WARN = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
ENV = {**os.environ, "PKG_CONFIG_PATH": str(LIB / "pkgconfig"), "LD_LIBRARY_PATH": str(LIB),
       "CMAKE_PREFIX_PATH": str(PREFIX)}
VERSION = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)[1]

HELLOS = [("gcc", "-std=c99", "hello.c"), ("clang", "-std=c99", "hello.c"),
          ("g++", "-std=c++17", "hello.cpp"), ("clang++", "-std=c++17", "hello.cpp")]

tests = []


def test(function):
    tests.append(function)
    return function


def run(*command, cwd=SCRATCH):
    done = subprocess.run([str(word) for word in command], cwd=cwd, env=ENV, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}"
    return done.stdout


def flags(*options):
    return run("pkg-config", *options, "mtsession").split()


def needed(file):
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", file)))


def says_hello(program, shared):
    """Runs a hello program, and sees whether it is linked as it should be."""
    session = SCRATCH / f"{program.name}.session"
    session.unlink(missing_ok=True)
    assert run(program, session) == f"hello from mtsession {VERSION}\n"
    assert session.stat().st_mode & 0o777 == 0o600
    assert ("libmtsession.so.0" in needed(program)) == shared, needed(program)


@test
def shared_library():
    for link, name in ("so", "so.0"), ("so.0", f"so.{VERSION}"):
        assert os.readlink(LIB / f"libmtsession.{link}") == f"libmtsession.{name}"
    library = LIB / "libmtsession.so"
    assert "[libmtsession.so.0]" in run("readelf", "-d", library)
    extra = {name for name in needed(library)
             if not re.match(r"(libc\.so|libm\.so|libgcc_s\.so|ld-linux)", name)}
    assert not extra, f"it needs {extra}"
    stripped = SCRATCH / "stripped.so"
    run("strip", "-o", stripped, library)
    assert stripped.stat().st_size <= 3_000_000, f"{stripped.stat().st_size} bytes stripped"


@test
def both_libraries_show_our_names_only():
    header = re.sub(r"/\*.*?\*/", "", (PREFIX / "include/mtsession.h").read_text(), flags=re.S)
    ours = set(re.findall(r"\b(mts_[a-z0-9_]+)\(", header))
    assert len(ours) > 70
    for which, library in ("-D", "libmtsession.so"), ("-g", "libmtsession.a"):
        shown = set(re.findall(r"(?m)^[0-9a-f]+ \w (\S+)$",
                               run("nm", which, "--defined-only", LIB / library)))
        assert shown == ours, f"{library}: {shown ^ ours}"


@test
def by_pkg_config():
    assert run("pkg-config", "--modversion", "mtsession").strip() == VERSION
    for compiler, std, source in HELLOS:
        program = SCRATCH / f"pkg-config-{compiler}"
        run(compiler, std, *WARN, HERE / source, "-o", program, *flags("--cflags", "--libs"))
        says_hello(program, True)


@test
def statically():
    for compiler, std, source in HELLOS:
        # The archive among shared libraries, and a program that needs nothing at all.
        rest = [flag for flag in flags("--static", "--libs") if flag != "-lmtsession"]
        for name, words in ("archive", [LIB / "libmtsession.a", *rest]), (
                "static", ["-static", *flags("--static", "--libs")]):
            program = SCRATCH / f"{name}-{compiler}"
            run(compiler, std, *WARN, *flags("--cflags"), HERE / source, "-o", program, *words)
            says_hello(program, False)
            assert name == "archive" or not needed(program)


@test
def by_cmake():
    run("cmake", "-S", HERE, "-B", SCRATCH / "cmake")
    run("cmake", "--build", SCRATCH / "cmake")
    for language in "c", "cpp":
        says_hello(SCRATCH / f"cmake/{language}_mtsession", True)
        says_hello(SCRATCH / f"cmake/{language}_static", False)


@test
def cmake_refuses_what_does_not_fit():
    for wanted, fits in ("0.1", True), (VERSION, True), ("0.0.1", True), ("0.99", False), ("1.0", False):
        folder = SCRATCH / f"find-{wanted}"
        folder.mkdir()
        (folder / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.16)\nproject(find NONE)\n"
            f"find_package(mtsession {wanted} QUIET)\n"
            'message(STATUS "found: ${mtsession_FOUND}")\n')
        output = run("cmake", "-S", folder, "-B", folder / "build")
        assert f"found: {int(fits)}" in output, f"{wanted}: {output}"


@test
def each_header_compiles_alone():
    for header in sorted((PREFIX / "include").rglob("*.h*")):
        for compiler, std in ("g++", "c++17"), ("clang++", "c++20"):
            run(compiler, f"-std={std}", *WARN, "-x", "c++", "-include", header, "-include", header,
                "-fsyntax-only", "/dev/null", f"-I{PREFIX}/include")


@test
def an_application_keeps_its_own_sqlite():
    archive = [LIB / "libmtsession.a", *flags("--static", "--libs")]
    theirs = run("gcc", "-print-file-name=libsqlite3.a").strip()
    for name, words in {
        "both static, ours first": [*archive, theirs],
        "both static, theirs first": [theirs, *archive],
        "theirs shared": ["-lsqlite3", *archive],
        "ours shared": [theirs, *flags("--libs")],
        "both shared": ["-lsqlite3", *flags("--libs")],
    }.items():
        place = SCRATCH / name.replace(" ", "-")
        place.mkdir()
        run("gcc", *WARN, *flags("--cflags"), HERE / "two_sqlites.c", "-o", place / "program", *words,
            "-lpthread", "-ldl", "-lm", "-Wl,--export-dynamic")
        run(place / "program", place / "mtsession.session", place / "own.db")


def blocks(language, heading):
    """The README's code blocks in a language below a heading."""
    section = re.search(rf"(?ms)^## {re.escape(heading)}\n(.*?)(?=^## )", (ROOT / "README.md").read_text())[1]
    found = re.findall(rf"```{language}\n(.*?)```", section, re.S)
    assert found, f"no {language} below {heading}"
    return found


def shell(words, cwd):
    """Runs lines of the README, with the prefix that is there."""
    return run("bash", "-euxc", words.replace("/usr/local", str(PREFIX)), cwd=cwd)


@test
def readme_in_c():
    place = SCRATCH / "readme-c"
    place.mkdir()
    (place / "client.c").write_text(blocks("c", "In C")[0])
    install, link = blocks("sh", "Install and link")
    assert f"make install PREFIX={PREFIX}" in install.replace("/usr/local", str(PREFIX))
    ways = [line for line in link.splitlines() if line.startswith("cc ")]
    assert len(ways) == 3
    for way in ways:
        shell(link.splitlines()[0] + "\n" + way, place)
        assert "user 123456789, hash 1111111111111111111" in run(place / "client", cwd=place)


@test
def readme_in_cpp():
    programs = blocks("cpp", "In C++")
    assert len(programs) == 2
    for number, (program, says) in enumerate(zip(programs, ("adauser: Ada Lovelace", "user 123456789"))):
        place = SCRATCH / f"readme-cpp-{number}"
        place.mkdir()
        # The second looks up whom the first put.
        (place / "client.cpp").write_text(program)
        if number:
            (place / "account.session").write_bytes((SCRATCH / "readme-cpp-0/account.session").read_bytes())
            run("g++", "-std=c++17", "-fno-exceptions", "-fsyntax-only", *flags("--cflags"),
                place / "client.cpp")
        (place / "CMakeLists.txt").write_text(blocks("cmake", "In C++")[0])
        shell(blocks("sh", "In C++")[0], place)
        assert says in run(place / "client", cwd=place)
        run("cmake", "-S", place, "-B", place / "build")
        run("cmake", "--build", place / "build")
        assert says in run(place / "build/client", cwd=place)


@test
def cargo_c_finds_what_it_installs():
    manifest = tomllib.loads((ROOT / "Cargo.toml").read_text())
    capi = manifest["package"]["metadata"]["capi"]
    assert manifest["features"]["capi"] == [] and not capi["header"]["generation"]
    installed = set()
    for asset in capi["install"]["include"]["asset"]:
        # What stands before `**`, or the file's folder, is left off.
        base = ROOT / asset["from"].split("**")[0]
        base = base if base.is_dir() else base.parent
        installed |= {PREFIX / "include" / asset["to"] / file.relative_to(base)
                      for file in ROOT.glob(asset["from"]) if file.is_file()}
    assert installed == {file for file in (PREFIX / "include").rglob("*") if file.is_file()}


@test
def to_a_stage():
    """DESTDIR goes before the prefix, and into no file."""
    stage = SCRATCH / "stage"
    done = subprocess.run([ROOT / "tools/install.sh"], env={**ENV, "DESTDIR": str(stage), "PREFIX": "/opt/mts"},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    there = {str(file.relative_to(stage / "opt/mts")) for file in stage.rglob("*") if not file.is_dir()}
    here = {str(file.relative_to(PREFIX)) for file in PREFIX.rglob("*") if not file.is_dir()}
    assert there == here, there ^ here
    assert "prefix=/opt/mts\n" in (stage / "opt/mts/lib/pkgconfig/mtsession.pc").read_text()
    for file in stage.rglob("*"):
        assert file.is_dir() or file.suffix not in (".pc", ".cmake") or str(stage) not in file.read_text()
    refused = subprocess.run([ROOT / "tools/install.sh"], env={**ENV, "PREFIX": "here"}, capture_output=True)
    assert refused.returncode == 1 and b"absolute" in refused.stderr


def main():
    passed = failed = 0
    for one in tests:
        try:
            one()
            passed += 1
        except (AssertionError, OSError) as problem:
            failed += 1
            print(f"--- {one.__name__}: {problem}")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
