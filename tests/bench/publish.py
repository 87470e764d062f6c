#!/usr/bin/env python3
"""Puts what scripts/bench has measured on this machine into docs/performance.md, plot included.

    publish.py FILE.json TABLES.md COMMAND

FILE.json and TABLES.md are the bench's own; COMMAND is what made them. The part of the document
between its two marks is replaced, and docs/performance.svg is drawn anew.
"""

import json
import os
import pathlib
import re
import sys

sys.dont_write_bytecode = True
import plot  # noqa: E402  (its neighbour)

BEGIN = "<!-- measured: scripts/bench --publish writes from here -->\n"
END = "<!-- to here -->\n"


def machine():
    memory = re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1)
    release = re.search(r'PRETTY_NAME="?([^"\n]*)', pathlib.Path("/etc/os-release").read_text())
    return f"{os.cpu_count()} cores, {round(int(memory) / 2**20)} GiB, {release.group(1)}"


def measured(report, tables, command):
    version = report["mysql_version"].split("-")[0]
    return (f"`{command}`, on {machine()}, MySQL {version} with a buffer pool of "
            f"{report['buffer_pool']}; load average when it began: {report['load_average']:.1f}.\n\n"
            "![Time of a rebuild by each way and size](performance.svg)\n\n"
            + re.sub(r"^## ", "### ", tables, flags=re.M))


def replaced(document, text):
    """The document with `text` between its marks."""
    begin, end = document.find(BEGIN), document.find(END)
    if begin < 0 or end < begin:
        sys.exit("docs/performance.md has lost its marks: " + BEGIN + END)
    return document[:begin + len(BEGIN)] + "\n" + text + "\n" + document[end:]


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    report = json.loads(pathlib.Path(sys.argv[1]).read_text())
    docs = pathlib.Path(__file__).resolve().parents[2] / "docs"
    document = docs / "performance.md"
    tables = pathlib.Path(sys.argv[2]).read_text()
    document.write_text(replaced(document.read_text(), measured(report, tables, sys.argv[3])))
    plot.draw(report, docs / "performance.svg")


if __name__ == "__main__":
    main()
