#!/usr/bin/env python3
"""The C++ headers cover the C header: every function, status and constant of mtsession.h is used.
And whatever has an answer is [[nodiscard]]."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
# What the compiler needs, or what has no use beside std::string_view and `{}`.
NOT_FOR_CPP = {"MTS_API", "MTS_MUST_USE", "MTS_STATIC", "MTS_Z", "MTS_OPTIONS_INIT", "MTS_VERSION_MAJOR",
               "MTS_VERSION_MINOR", "MTS_VERSION_PATCH", "MTS_VERSION_NUMBER"}


def main():
    header = re.sub(r"/\*.*?\*/", "", (ROOT / "include/mtsession.h").read_text(), flags=re.S)
    functions = set(re.findall(r"\b(mts_[a-z0-9_]+)\(", header))
    statuses = set(re.findall(r"^\s*(MTS_\w+) = -?\d+,", header, re.M))
    constants = set(re.findall(r"^#define (MTS_\w+) ", header, re.M))
    assert len(functions) > 70 and len(statuses) > 15 and len(constants) > 40, "the header was not understood"

    include = ROOT / "bindings/cpp/include"
    headers = "".join(file.read_text() for file in [include / "mtsession.hpp", *include.glob("mtsession/*.hpp")])
    ours = re.sub(r"//.*", "", headers)
    used = set(re.findall(r"\bmts_[a-z0-9_]+", ours)) | set(re.findall(r"\bMTS_\w+", ours))
    missing = sorted((functions | statuses | constants) - NOT_FOR_CPP - used)
    for name in missing:
        print(f"{name} is not covered by bindings/cpp/include")
    print(f"{len(functions)} functions, {len(statuses)} statuses, {len(constants)} constants; "
          f"{len(missing)} not covered")

    public = re.sub(r"namespace detail \{.*?\} // namespace detail", "", headers, flags=re.S)
    answers = re.findall(r"^(?:\[\[nodiscard\]\] )?(?:inline|constexpr) (?!constexpr|void|T &).*?\(|"
                         r"^    (?:\[\[nodiscard\]\] )?(?:(?:static )?(?:result<(?!void>)|perhaps<)|auto ).*?\(",
                         public, re.M)
    assert len(answers) > 45, "the headers were not understood"
    ignored = [answer.strip() for answer in answers if "nodiscard" not in answer]
    for answer in ignored:
        print(f"{answer}…) may be ignored")
    print(f"{len(answers)} answers, {len(ignored)} may be ignored")
    return bool(missing or ignored)


if __name__ == "__main__":
    sys.exit(main())
