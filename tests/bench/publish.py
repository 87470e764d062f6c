#!/usr/bin/env python3
"""Puts what scripts/bench has measured on this machine into docs/performance.md, plot included.

    publish.py [--backup] FILE.json TABLES.md COMMAND

FILE.json and TABLES.md are the bench's own; COMMAND is what made them. The part of the document
between its two marks is replaced, and docs/performance.svg is drawn anew; with --backup, the part
about backups, which has marks of its own and no plot.
"""

import json
import os
import pathlib
import re
import sys

sys.dont_write_bytecode = True
import plot  # noqa: E402  (its neighbour)

BEGIN = "<!-- measured: scripts/bench --publish writes from here -->\n"
BEGIN_BACKUPS = "<!-- measured: scripts/bench --backup --publish writes from here -->\n"
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


def backups_measured(report, tables, command):
    version = report["mysql_version"].split("-")[0]
    return (f"`{command}`, on {machine()}, MySQL {version}; load average when it began: "
            f"{report['load_average']:.1f}.\n\n{tables}")


def replaced(document, text, mark=BEGIN):
    """The document with `text` between `mark` and the END after it."""
    begin = document.find(mark)
    end = document.find(END, max(begin, 0))
    if begin < 0 or end < 0:
        sys.exit("docs/performance.md has lost its marks: " + mark + END)
    return document[:begin + len(mark)] + "\n" + text + "\n" + document[end:]


def main():
    arguments = sys.argv[1:]
    of_backups = arguments[:1] == ["--backup"]
    if of_backups:
        arguments.pop(0)
    if len(arguments) != 3:
        sys.exit(__doc__)
    report = json.loads(pathlib.Path(arguments[0]).read_text())
    tables, command = pathlib.Path(arguments[1]).read_text(), arguments[2]
    docs = pathlib.Path(__file__).resolve().parents[2] / "docs"
    document = docs / "performance.md"
    text = document.read_text()
    if of_backups:
        text = replaced(text, backups_measured(report, tables, command), BEGIN_BACKUPS)
    else:
        text = replaced(text, measured(report, tables, command))
        plot.draw(report, docs / "performance.svg")
    document.write_text(text)


if __name__ == "__main__":
    main()
