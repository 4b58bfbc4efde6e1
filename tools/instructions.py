#!/usr/bin/env python3
"""Counts the instructions of the hot calls with callgrind, and prints the change against
benches/instructions.json; with --update it writes that file. A change is no failure: somebody is
to look at it, and to update the file where it is meant."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
PLACE = TARGET / "instructions"
BASELINE = ROOT / "benches/instructions.json"


def count():
    """{call: instructions of one}, measured now."""
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    program, library = PLACE / "instructions", TARGET / "release/libmtsession.so"
    # The name that the library gives itself, under which the program looks for it.
    (PLACE / "libmtsession.so.0").symlink_to(library)
    for command in (
        ["gcc", "-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
         f"-I{ROOT}/include", ROOT / "benches/instructions.c", "-o", program,
         PLACE / "libmtsession.so.0", f"-Wl,-rpath,{PLACE}"],
        ["valgrind", "--quiet", "--tool=callgrind", "--collect-atstart=no",
         f"--callgrind-out-file={PLACE}/out", program, PLACE / "counted.session"],
    ):
        subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL)
    counts = {}
    for part in PLACE.glob("out.*"):
        text = part.read_text()
        name = re.search(r"^desc: Trigger: Client Request: (.*)/(\d+)$", text, re.M)
        if name:
            total = int(re.search(r"^(?:summary|totals): (\d+)", text, re.M)[1])
            counts[name[1]] = round(total / int(name[2]))
    if not counts:
        sys.exit("instructions: callgrind wrote no counts")
    return counts


def main():
    now = count()
    rust = subprocess.run(["rustc", "--version"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.split()[1]
    known = json.loads(BASELINE.read_text()) if BASELINE.exists() else {"calls": {}, "rust": "-"}
    print(f"instructions a call (the kept ones: Rust {known['rust']}; now: {rust})")
    for name in sorted(now.keys() | known["calls"].keys()):
        old, new = known["calls"].get(name), now.get(name)
        change = f"{(new - old) / old:+.2%}" if old and new else "-"
        print(f"{name:<26} {old or '-':>12} {new or '-':>12} {change:>9}")
    if "--update" in sys.argv[1:]:
        BASELINE.write_text(json.dumps({"rust": rust, "calls": now}, indent=2, sort_keys=True)
                            + "\n")


if __name__ == "__main__":
    main()
