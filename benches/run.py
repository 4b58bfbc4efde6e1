#!/usr/bin/env python3
"""Measures mtsession beside its peers and against the limit (README.md), one process each, in
alternated rounds; prints one table, writes bench.json under the target folder, draws
docs/bench.svg.

BENCH_SIZES (10000,100000,1000000) and BENCH_ROUNDS (5) change how much."""

import dataclasses
import itertools
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys

import picture

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
BUILT = TARGET / "bench"
FILES = BUILT / "files"
SIZES = [int(size) for size in os.environ.get("BENCH_SIZES", "10000,100000,1000000").split(",")]
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
# The seeds that make ids in sequence and at random.
ORDERS = {"random": 1, "sequence": 0}
OURS, LIMIT, TELETHON, GRAMMERS = "mtsession", "SQLite", "Telethon", "grammers"
SYSTEMS = [OURS, LIMIT, TELETHON, GRAMMERS]


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of the budget. `at_most` times the limit, `at_least` times faster than Telethon,
    both from `floor` entities on; `flat_from`: from so many entities on the same at every size."""

    op: str
    title: str
    at_most: float = 0
    at_least: float = 0
    floor: int = 100_000
    flat_from: int = 0
    # Size and order of the ids make no difference.
    once: bool = False
    # Changes the file, so that it gets a copy.
    writes: bool = False
    # Times a round: more where the whims of disk or machine are larger than what is to be seen.
    repeat: int = 1
    # Telethon's operation to compare with, if it is another one.
    like: str = ""
    # Bytes instead of time: at most these, beside the texts themselves.
    max_bytes: float = 0
    max_descriptors: int = 0


ROWS = [
    Row("memory_id", "look-up by id, in memory (Telethon, grammers: their only way)",
        at_least=100, flat_from=100_000),
    Row("disk_id", "look-up by id, not in memory", at_most=1.25, floor=1_000_000),
    Row("disk_username", "look-up by username, not in memory", at_most=1.25, at_least=5000,
        floor=1_000_000),
    Row("disk_phone", "look-up by phone, not in memory", at_most=1.25, at_least=5000,
        floor=1_000_000),
    Row("put_known", "put 200 known, unchanged entities, a row (grammers saves each time)",
        at_least=25, writes=True),
    Row("put_new", "put new in batches of 200, saved every 10 000, a row (power-safe; Telethon: "
        "FULL, no index; grammers: FULL, every 200)", at_most=1.2, floor=1_000_000),
    Row("put_new_saved", "the same, every batch saved, behind that many entities, a row",
        at_most=1.2, floor=1_000_000, writes=True),
    Row("update", "an update: 2 known entities and a channel's state, not saved", at_least=40,
        flat_from=100_000, writes=True, repeat=3),
    Row("update_saved", "the same, saved each time (power-safe: EXTRA; Telethon, grammers: FULL)",
        at_most=1.1, at_least=1, writes=True, repeat=3),
    Row("update_wal_power", "the same, journal=wal, power-safe (FULL)", at_most=1.2, at_least=4,
        writes=True, like="update_saved"),
    Row("update_wal_process", "the same, journal=wal, process-safe (NORMAL)", at_most=1.2,
        at_least=20, writes=True, like="update_saved"),
    Row("open", "open, read the key, close", at_least=1, flat_from=1, writes=True),
    Row("cached_memory", "memory a cached entity (at most 160 B and its texts)", max_bytes=160),
    Row("string_encode", "string session, encode", at_least=20, once=True, repeat=5),
    Row("string_decode", "string session, decode", at_least=20, once=True, repeat=5),
    Row("idle", "an idle open session (at most 256 KiB, 2 descriptors)", max_bytes=256 * 1024,
        max_descriptors=2, once=True),
    Row("threads_1", "look-ups by id in memory, 1 thread", once=True),
    Row("threads_2", "look-ups by id in memory, 2 threads together", once=True),
    Row("threads_4", "look-ups by id in memory, 4 threads together", once=True),
    Row("call", "one call across the ABI", once=True),
]
# How much a cost that should not grow may differ between two sizes, which are measured minutes apart:
# far less than what depends on the size at all grows by.
FLAT = 3


def build():
    """Builds the peers; the command of each."""
    BUILT.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(["cargo", "build", "--release", "--lib", "--message-format=json"],
                          cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = [json.loads(line) for line in made.splitlines()]
    # The limit is linked with the very SQLite that is in our library.
    sqlite = next(pathlib.Path(m["out_dir"]) for m in messages
                  if m["reason"] == "build-script-executed" and "libsqlite3-sys" in m["package_id"])
    include = next(line.split("=", 1)[1] for line in
                   (sqlite.parent / "output").read_text().splitlines()
                   if line.startswith("cargo:include="))
    library = next(pathlib.Path(name) for m in messages if m["reason"] == "compiler-artifact"
                   for name in m["filenames"] if name.endswith("libmtsession.so"))
    link = BUILT / "libmtsession.so.0"
    link.unlink(missing_ok=True)
    link.symlink_to(library)
    flags = ["gcc", "-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    for command in (
        [*flags, f"-I{ROOT}/include", HERE / "mtsession.c", "-o", BUILT / "mtsession", link,
         f"-Wl,-rpath,{BUILT}", "-lpthread"],
        [*flags, f"-I{include}", HERE / "sqlite.c", "-o", BUILT / "sqlite",
         sqlite / "libsqlite3.a", "-lpthread", "-ldl", "-lm"],
        ["cargo", "build", "--release", "--quiet", "--manifest-path",
         HERE / "grammers/Cargo.toml", "--target-dir", BUILT / "grammers"],
    ):
        # Our settings for our SQLite (.cargo/config.toml) are not for the one of grammers.
        subprocess.run([str(word) for word in command], check=True,
                       env={**os.environ, "LIBSQLITE3_FLAGS": ""})
    return {
        OURS: [BUILT / "mtsession"],
        LIMIT: [BUILT / "sqlite"],
        TELETHON: [TARGET / "peers/1.45.0/bin/python", HERE / "telethon_peer.py"],
        GRAMMERS: [BUILT / "grammers/release/grammers-peer"],
    }


def ask(command, op, size, seed, path):
    """What a peer answers; None where it has no such operation."""
    done = subprocess.run([*map(str, command), op, str(size), str(seed), str(path)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          check=True, timeout=3600)
    answer = json.loads(done.stdout)
    return None if answer.get("unsupported") else answer


def check_data(commands):
    """All peers must make the same entities, or nothing can be compared."""
    for order, seed in ORDERS.items():
        for kind in "ids", "rows":
            sums = {system: (ask(command, "data", 1000, seed, "none") or {}).get(kind)
                    for system, command in commands.items()}
            if len({total for total in sums.values() if total}) != 1:
                sys.exit(f"bench: the peers' data differ ({kind}, {order}): {sums}")


def copy(base, name):
    """A copy of a file that is all on the disk, so that the next sync pays for its own."""
    shutil.rmtree(FILES / "copy", ignore_errors=True)
    (FILES / "copy").mkdir()
    path = FILES / "copy" / name
    if base.exists():
        shutil.copyfile(base, path)
        with open(path, "rb+") as file:
            os.fsync(file.fileno())
    return path


def measure(commands, order, size, once):
    """{(op, system): [answer of each round]}, the systems taking turns to be first."""
    answers = {}
    seed = ORDERS[order]
    for number in range(ROUNDS):
        shutil.rmtree(FILES, ignore_errors=True)
        FILES.mkdir()
        # The file that put_new makes is what the others work on.
        for row in sorted(ROWS, key=lambda row: row.op != "put_new"):
            if row.once and not once:
                continue
            for turn in range(len(SYSTEMS) * row.repeat):
                system = SYSTEMS[(turn + number) % len(SYSTEMS)]
                path = base = FILES / f"{system}.session"
                if row.writes or row.op == "idle":
                    path = copy(base, base.name)
                answer = ask(commands[system], row.op, size, seed, path)
                if answer:
                    answers.setdefault((row.op, system), []).append(answer)
        print(f"{size} entities, ids in {order}: round {number + 1} of {ROUNDS}", file=sys.stderr)
    shutil.rmtree(FILES)
    return answers


def middle(answers):
    """The median of each number of the answers of all rounds."""
    return {name: statistics.median(answer[name] for answer in answers)
            for name, value in answers[0].items() if isinstance(value, (int, float))}


def cost(result):
    return result.get("ns_per_unit", result.get("bytes_per_unit"))


def times(some, others):
    """How many times `others` the costs in `some` are: the median of the rounds' ratios, as what
    ran beside each other suffered the same disturbance. None where one is missing."""
    if not some or not others:
        return None
    return statistics.median(cost(a) / cost(b) if cost(b) else 0 for a, b in zip(some, others))


def texts(size):
    """Bytes of text of the average entity: half a username, a tenth of a phone, a name."""
    return 11 / 2 + 13 / 10 + sum(len(f"Person {i}") for i in range(0, size, 97)) * 97 / size


def verdict(row, size, line, growth):
    """What of the row's budget was missed, in words; "" where nothing was, or nothing is asked."""
    ours = line["results"][OURS]
    if ours is None:
        return "not there yet"
    missed = []
    is_judged = row.once or size >= row.floor
    if is_judged and row.at_most and line["of_limit"] and line["of_limit"] > row.at_most:
        missed.append(f"at most {row.at_most:g} x the limit")
    if is_judged and row.at_least and line["faster"] and line["faster"] < row.at_least:
        reached = line["limit_faster"]
        limit = f" (SQLite is at {ratio(reached)})" if reached else ""
        missed.append(f"at least {row.at_least:g} x Telethon{limit}")
    if row.max_bytes and cost(ours) > row.max_bytes + (0 if row.once else texts(size)):
        missed.append(f"at most {row.max_bytes:g} B")
    if row.max_descriptors and ours["descriptors"] > row.max_descriptors:
        missed.append(f"at most {row.max_descriptors} descriptors")
    if growth and growth > FLAT:
        missed.append("independent of the size")
    return "missed: " + ", ".join(missed) if missed else ""


def compare(answers):
    """Every line of the table as a dict: the medians, ratios, growth and verdict."""
    out = []
    for row, order in itertools.product(ROWS, ORDERS):
        smallest = before = None
        for size in SIZES:
            found = {system: answers[order, size].get((row.op, system)) for system in SYSTEMS}
            if not any(found.values()):
                continue
            if row.like:
                # One answer of each round.
                like = next(other for other in ROWS if other.op == row.like)
                found[TELETHON] = (answers[order, size].get((like.op, TELETHON)) or [])[::like.repeat]
            ours = found[OURS]
            line = {
                "op": row.op, "title": row.title, "ids": order, "entities": size,
                "once": row.once,
                "results": {system: rounds and middle(rounds) for system, rounds in found.items()},
                "of_limit": times(ours, found[LIMIT]), "faster": times(found[TELETHON], ours),
                "limit_faster": times(found[TELETHON], found[LIMIT]),
                "growth": times(ours, before),
            }
            line["verdict"] = verdict(row, size, line, times(ours, smallest))
            out.append(line)
            before = ours
            if row.flat_from and size >= row.flat_from:
                smallest = smallest or ours
    return out


def show(value, unit):
    steps = [("ns", 1), ("us", 1e3), ("ms", 1e6), ("s", 1e9)] if unit == "ns" \
        else [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20)]
    name, step = next((pair for pair in reversed(steps) if value >= pair[1]), steps[0])
    return f"{value / step:.3g} {name}" if value / step < 1000 else f"{value / step:.0f} {name}"


def ratio(value):
    return "-" if value is None else f"{value:.2f}" if value < 10 else f"{value:.0f}"


LINE = "{:>10} {:>9}" + " {:>10}" * 4 + " {:>8} {:>7} {:>7}  {}"


def print_table(lines):
    print("x limit: our cost / SQLite's. faster: Telethon's / ours. growth: ours / ours at the "
          "size before.\n")
    print(LINE.format("entities", "ids", *SYSTEMS, "x limit", "faster", "growth", "").rstrip())
    for title, group in itertools.groupby(lines, key=lambda line: line["title"]):
        print("\n" + title)
        for line in group:
            found = line["results"]
            shown = [show(cost(one), "ns" if "ns_per_unit" in one else "B") if one else "-"
                     for one in found.values()]
            where = ["", ""] if line["once"] else [line["entities"], line["ids"]]
            print(LINE.format(*where, *shown, ratio(line["of_limit"]), ratio(line["faster"]),
                              ratio(line["growth"]), line["verdict"]).rstrip())
    for title, value in (("peak memory of putting them all", lambda r: r["rss_kb"] * 1024),
                         ("the file, an entity", lambda r: r["bytes"])):
        print("\n" + title)
        for line in (line for line in lines if line["op"] == "put_new"):
            each = 1 if "peak" in title else line["entities"]
            shown = [show(value(one) / each, "B") if one else "-"
                     for one in line["results"].values()]
            print(LINE.format(line["entities"], line["ids"], *shown, "", "", "", "").rstrip())
    missed = sum(1 for line in lines if line["verdict"])
    print(f"\n{len(lines)} lines, {missed} of them with a budget that is missed")


def machine(commands):
    cpu = next((line.split(":", 1)[1].strip() for line in
                pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    kind = subprocess.run(["stat", "-f", "-c", "%T", str(BUILT)], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()
    rust = subprocess.run(["rustc", "--version"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.split()[1]
    versions = [ask(command, "version", 0, 0, "none")["version"] for command in commands.values()]
    return (f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} "
            f"{platform.release().split('-')[0]}, {kind}; Rust {rust}; " + ", ".join(versions))


def main():
    commands = build()
    check_data(commands)
    where = machine(commands)
    answers = {}
    for number, (order, size) in enumerate(itertools.product(ORDERS, SIZES)):
        answers[order, size] = measure(commands, order, size, once=number == 0)
    lines = compare(answers)
    print(where + "\n")
    print_table(lines)
    report = {"machine": where, "rounds": ROUNDS, "lines": lines}
    (TARGET / "bench.json").write_text(json.dumps(report, indent=1) + "\n")
    # One size makes no line, and the picture in docs/ is not to be spoilt by a quick look.
    if len(SIZES) > 1:
        (ROOT / "docs").mkdir(exist_ok=True)
        (ROOT / "docs/bench.svg").write_text(picture.draw(report))


if __name__ == "__main__":
    main()
