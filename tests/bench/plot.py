#!/usr/bin/env python3
"""Draws what scripts/bench has measured: plot.py FILE.json OUT.svg

One group of bars for each size, one bar for each way, its median time on a logarithmic scale with a
line from the fastest to the slowest round. gnuplot does the drawing. Text and lines are grey, and
nothing is behind them, so that it can be read on a dark page and on a light one.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

WAYS = [("file copy", "#8a8a8a"), ("by hand", "#4e9a9a"), ("graft", "#3d7ed9"),
        ("mydumper to myloader", "#d98a3d"), ("mysqldump to mysql", "#c2554d")]

NOTHING = "? ? ?"

SCRIPT = """
set terminal svg size 760,360 dynamic font "sans-serif,13"
set output "{out}"
set border 3 linecolor rgb "#808080"
set tics nomirror textcolor rgb "#808080" scale 0.5
set key above textcolor rgb "#808080" samplen 1 width -2
set ylabel "seconds until the replica has caught up" textcolor rgb "#808080"
set logscale y
set yrange [0.1:*]
set grid ytics linecolor rgb "#808080" dashtype 3 linewidth 0.4
set style data histogram
set style histogram errorbars gap 1.5 linewidth 1.2
set style fill solid 0.85 noborder
set errorbars 0.4 front linecolor rgb "#707070"
plot {plots}
"""


def size_name(size):
    megabytes = size / 1e6
    return f"{megabytes:.0f} MB" if megabytes < 950 else f"{megabytes / 1000:.1f} GB"


def row(size, way):
    """median, min and max in seconds; '?' where it was not measured, which gnuplot leaves out."""
    for entry in size["ways"]:
        if entry["way"] == way and entry["seconds"]:
            return "{median} {min} {max}".format(**entry["seconds"])
    return NOTHING


def draw(report, out):
    lines = [" ".join([f'"{size_name(size["size_bytes"])}"'] + [row(size, way) for way, _ in WAYS])
             for size in report["sizes"]]
    drawn = [(i, way, color) for i, (way, color) in enumerate(WAYS)
             if any(row(size, way) != NOTHING for size in report["sizes"])]
    with tempfile.NamedTemporaryFile("w", suffix=".dat") as data:
        data.write("\n".join(lines) + "\n")
        data.flush()
        plots = ", ".join(
            f'"{data.name}" using {2 + 3 * i}:{3 + 3 * i}:{4 + 3 * i}:xtic(1) '
            f'title "{way}" linecolor rgb "{color}"' for i, way, color in drawn)
        subprocess.run(["gnuplot"], input=SCRIPT.format(out=out, plots=plots), text=True,
                       check=True)
    out.write_text(re.sub(r"[ \t]+$", "", out.read_text(), flags=re.M))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    report = json.loads(pathlib.Path(sys.argv[1]).read_text())
    if not report.get("sizes"):
        sys.exit(f"{sys.argv[1]} has no times of rebuilding; run scripts/bench with --only ways")
    draw(report, pathlib.Path(sys.argv[2]))


if __name__ == "__main__":
    main()
