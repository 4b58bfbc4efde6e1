#!/usr/bin/env python3
"""Real Telethon against the C library:  run.py TARGET_FOLDER LIBRARY_FOLDER

Prints what failed, and as its last line how many checks passed and failed."""

import pathlib
import sys
import tempfile
import traceback

import fixtures
import log
import mts
import objects
import strings
import turns
import written_here


class Checks:
    def __init__(self, target, scratch):
        self.target, self.scratch = target, scratch
        self.passed = self.failed = 0

    def equal(self, what, got, wanted):
        if got == wanted:
            self.passed += 1
        else:
            self.failed += 1
            # Of long collections, what differs.
            if isinstance(got, dict) and isinstance(wanted, dict):
                got, wanted = got.items(), wanted.items()
            if hasattr(got, "__len__") and hasattr(wanted, "__len__") and len(got) > 4:
                got, wanted = ([item for item in one if item not in other]
                               for one, other in ((got, wanted), (wanted, got)))
            print(f"{what}:\n  got    {got!r}\n  wanted {wanted!r}")

    def fails(self, what, status, function, *arguments):
        try:
            function(*arguments)
            got = "no failure"
        except mts.Failure as failure:
            got = failure.status
        self.equal(what, got, status)

    def part(self, part):
        try:
            part.check(self)
        except Exception:
            self.failed += 1
            print(f"{part.__name__} broke off:\n{traceback.format_exc()}")


def main():
    target, library = map(pathlib.Path, sys.argv[1:])
    mts.load(library / "libmtsession.so")
    with tempfile.TemporaryDirectory() as scratch:
        checks = Checks(target, pathlib.Path(scratch))
        for part in (fixtures, written_here, turns, log, strings, objects):
            checks.part(part)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return checks.failed > 0


if __name__ == "__main__":
    sys.exit(main())
