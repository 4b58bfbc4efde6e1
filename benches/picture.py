"""Draws the benchmark's report as one SVG: cost against number of entities, both logarithmic, one
panel a work, one line a system."""

import json
import math
import sys
from xml.sax.saxutils import escape

PANELS = {
    "memory_id": "look-up by id, in memory",
    "disk_id": "look-up by id, in the file",
    "disk_username": "look-up by username, in the file",
    "disk_phone": "look-up by phone, in the file",
    "put_known": "put a known entity",
    "put_new": "put a new entity, saved every 10 000",
    "put_new_saved": "put a new entity, saved every 200",
    "update": "an update, not saved",
    "update_saved": "an update, saved (power-safe)",
    "update_wal_power": "the same, journal=wal (power-safe)",
    "update_wal_process": "the same, journal=wal (process-safe)",
    "open": "open, read the key, close",
}
# Name in the report, in the legend, and the mark: told apart without colours too.
SYSTEMS = [
    ("mtsession", "mtsession", "circle"),
    ("SQLite", "the limit: plain SQLite in C", "square"),
    ("Telethon", "Telethon", "diamond"),
    ("grammers", "grammers-session", "triangle"),
]
COLUMNS, WIDE, HIGH = 4, 262, 200
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 28, 30
STYLE = """
svg { font: 12px system-ui, sans-serif; }
text { fill: #24292f; } .small { font-size: 10.5px; fill: #57606a; }
.grid { stroke: #d0d7de; stroke-width: 1; }
.line { fill: none; stroke-width: 2; }
.s0 { stroke: #1a7f37; fill: #1a7f37; } .s1 { stroke: #6e7781; fill: #6e7781; }
.s2 { stroke: #0969da; fill: #0969da; } .s3 { stroke: #bc4c00; fill: #bc4c00; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .small { fill: #9ea7b3; } .grid { stroke: #3d444d; }
  .s0 { stroke: #3fb950; fill: #3fb950; } .s1 { stroke: #9198a1; fill: #9198a1; }
  .s2 { stroke: #58a6ff; fill: #58a6ff; } .s3 { stroke: #f0883e; fill: #f0883e; }
}
path.line { fill: none; }
"""


def time_name(exponent):
    """10^exponent nanoseconds."""
    unit = max(0, min(3, exponent // 3))
    return f"{10 ** (exponent - 3 * unit):g} " + ["ns", "µs", "ms", "s"][unit]


def count_name(exponent):
    return "10" + "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(exponent))


def mark(kind, x, y, css):
    if kind == "circle":
        return f'<circle class="{css}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
    shapes = {"square": [(-3.5, -3.5), (3.5, -3.5), (3.5, 3.5), (-3.5, 3.5)],
              "diamond": [(0, -5), (5, 0), (0, 5), (-5, 0)],
              "triangle": [(0, -5), (4.5, 4), (-4.5, 4)]}
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in shapes[kind])
    return f'<polygon class="{css}" points="{points}"/>'


def panel(title, lines, left, top):
    """One work: its frame, axes and lines, at that place."""
    series = [[(line["entities"], line["results"][name]["ns_per_unit"]) for line in lines
               if line["results"].get(name)] for name, _, _ in SYSTEMS]
    costs = [value for one in series for _, value in one]
    sizes = [size for one in series for size, _ in one]
    low, high = math.floor(math.log10(min(costs))), math.ceil(math.log10(max(costs)))
    high = max(high, low + 1)
    first, last = math.log10(min(sizes)), math.log10(max(sizes))

    def at(size, value):
        x = (math.log10(size) - first) / (last - first)
        y = (math.log10(value) - low) / (high - low)
        return (left + LEFT + x * (WIDE - LEFT - RIGHT),
                top + HIGH - BOTTOM - y * (HIGH - TOP - BOTTOM))

    out = [f'<text x="{left + LEFT - 40}" y="{top + 16}">{escape(title)}</text>']
    for exponent in range(low, high + 1):
        x, y = at(min(sizes), 10 ** exponent)
        out.append(f'<line class="grid" x1="{x:.1f}" y1="{y:.1f}" x2="{left + WIDE - RIGHT}" '
                   f'y2="{y:.1f}"/>')
        # Of many decades every other one has its name.
        if high - low < 6 or (exponent - low) % 2 == 0:
            out.append(f'<text class="small" x="{x - 7:.1f}" y="{y + 3.5:.1f}" '
                       f'text-anchor="end">{time_name(exponent)}</text>')
    for exponent in range(math.ceil(first), math.floor(last) + 1):
        x, y = at(10 ** exponent, 10 ** low)
        out.append(f'<text class="small" x="{x:.1f}" y="{y + 16:.1f}" '
                   f'text-anchor="middle">{count_name(exponent)}</text>')
    # Ours last, so that it lies on top.
    for number in reversed(range(len(SYSTEMS))):
        points = [at(*point) for point in series[number]]
        if points:
            way = " L".join(f"{x:.1f},{y:.1f}" for x, y in points)
            out.append(f'<path class="s{number} line" d="M{way}"/>')
            out += [mark(SYSTEMS[number][2], x, y, f"s{number}") for x, y in points]
    return out


def draw(report):
    """The SVG of a report as run.py writes it, with ids at random."""
    wide = COLUMNS * WIDE + 10
    high = 40 + HIGH * math.ceil(len(PANELS) / COLUMNS) + 44
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img" '
           'aria-labelledby="title">',
           f'<title id="title">Cost of {len(PANELS)} works against the number of entities in the session, '
           "for mtsession, plain SQLite, Telethon and grammers-session</title>",
           f"<style>{STYLE}</style>"]
    x = 12
    for number, (_, name, kind) in enumerate(SYSTEMS):
        out += [f'<path class="s{number} line" d="M{x},18 h24"/>',
                mark(kind, x + 12, 18, f"s{number}"),
                f'<text x="{x + 30}" y="22">{escape(name)}</text>']
        x += 60 + 7 * len(name)
    for number, (op, title) in enumerate(PANELS.items()):
        lines = [line for line in report["lines"] if line["op"] == op and line["ids"] == "random"]
        out += panel(title, lines, number % COLUMNS * WIDE, 40 + number // COLUMNS * HIGH)
    notes = ["Time each, against the number of entities in the session; both axes logarithmic; "
             f"ids at random; medians of {report['rounds']} rounds.", report["machine"]]
    for number, note in enumerate(notes):
        out.append(f'<text class="small" x="12" y="{high - 28 + 16 * number}">{escape(note)}'
                   "</text>")
    return "\n".join(out) + "\n</svg>\n"


if __name__ == "__main__":
    # The report of an earlier run again: python3 benches/picture.py <target>/bench.json
    with open(sys.argv[1]) as file:
        print(draw(json.load(file)), end="")
