#!/usr/bin/env python3
"""Gives each fuzzer so many inputs, or with an argument as many as it can try in that many
seconds: run.py [SECONDS]. The library is built anew for them, so that it tells which ways an input
has taken."""

import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "fuzz"
FIXTURES = ROOT / "tests/fixtures/telethon"

# What libFuzzer needs of the library; and a number that overflows shall not pass unnoticed.
COVERAGE = ["-Cpasses=sancov-module", "-Cdebug-assertions", "-Coverflow-checks"] + [
    f"-Cllvm-args=-sanitizer-coverage-{option}"
    for option in ("level=4", "inline-8bit-counters", "pc-table", "trace-compares")]

# How many inputs, of how many bytes at most.
FUZZERS = {"batch": (100_000, 1_000), "file": (10_000, 70_000), "record": (100_000, 1_000),
           "string": (100_000, 1_000), "text": (50_000, 1_000)}


def build():
    host = re.search(r"host: (\S+)", subprocess.check_output(["rustc", "-vV"], text=True))[1]
    # With --target these flags do not reach what only the building needs. Quick to build is enough.
    environment = {**os.environ, "RUSTFLAGS": " ".join(COVERAGE),
                   "CARGO_PROFILE_RELEASE_LTO": "false",
                   "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16"}
    subprocess.run(["cargo", "build", "--release", "--lib", "--quiet", "--target", host,
                    "--target-dir", TARGET], cwd=ROOT, env=environment, check=True)
    for name in FUZZERS:
        subprocess.run(["clang", "-std=c99", "-g", "-O1", "-fsanitize=fuzzer", "-Wall", "-Wextra",
                        "-Wpedantic", "-Werror", f"-I{ROOT}/include", HERE / f"{name}.c", "-o",
                        TARGET / name, TARGET / host / "release/libmtsession.a", "-lpthread", "-ldl",
                        "-lm"], check=True)


def seeds(name, folder):
    """Writes what the fuzzer begins with; answers the folders in which it is."""
    if name == "file":
        return [FIXTURES]
    if name == "string":
        for source in FIXTURES.glob("strings-*.json"):
            for n, session in enumerate(json.loads(source.read_text())["strings"]):
                text = session["string"]
                (folder / f"{source.stem}-{n}").write_text(text)
                packed = base64.urlsafe_b64decode(text[1:])
                (folder / f"{source.stem}-{n}-packed").write_bytes(packed)
    return []


def fuzz(name, seconds):
    inputs, longest = FUZZERS[name]
    limit = f"-max_total_time={seconds}" if seconds else f"-runs={inputs}"
    # In memory where there is such a place: the disk is not what is tried.
    shm = pathlib.Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if os.access(shm, os.W_OK) else None) as place:
        corpus = pathlib.Path(place) / "corpus"
        corpus.mkdir()
        command = [TARGET / name, "-seed=1", limit, f"-max_len={longest}", "-print_final_stats=1",
                   f"-artifact_prefix={TARGET}/{name}-", corpus, *seeds(name, corpus)]
        return subprocess.run(command, cwd=place, text=True, errors="replace", capture_output=True)


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else None
    build()
    failed = 0
    for name in FUZZERS:
        done = fuzz(name, seconds)
        tried = re.search(r"number_of_executed_units: (\d+)", done.stderr)
        ways = re.findall(r"cov: (\d+)", done.stderr)
        tried, ways = int(tried[1]) if tried else 0, int(ways[-1]) if ways else 0
        print(f"{name}: {tried} inputs, {ways} ways", flush=True)
        # A library that tells no ways would leave the fuzzer blind.
        if done.returncode != 0 or ways < 100:
            failed += 1
            print(done.stdout + done.stderr)
    print(f"{len(FUZZERS) - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
