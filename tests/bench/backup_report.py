"""The figures of backup_bench.py as tables in Markdown, and the targets they miss."""

import statistics

BACKUP_AT_MOST = 1.1   # times tar and zstd
RESTORE_AT_MOST = 1.2
LOAD_AT_LEAST = 10     # times a restore, from LARGE_BYTES on
LARGE_BYTES = 4_000_000_000
MEMORY_AT_MOST = 1.1   # the largest size's over the smallest's


def spread(values, digits=2, unit=""):
    return (f"{statistics.median(values):.{digits}f}{unit} "
            f"({min(values):.{digits}f} to {max(values):.{digits}f})")


def ratios(rounds, ours, theirs):
    return [one[ours] / one[theirs] for one in rounds]


def column(rounds, name, scale=1.0):
    return [one[name] * scale for one in rounds]


def size_name(size):
    return f"{size / 1e6:.0f} MB" if size < 950e6 else f"{size / 1e9:.1f} GB"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def files_table(sizes):
    rows = []
    for size in sizes:
        rounds = size["rounds"]
        rows.append([size_name(size["data_bytes"]), spread(column(rounds, "backup"), unit=" s"),
                     spread(column(rounds, "tar"), unit=" s"),
                     spread(ratios(rounds, "backup", "tar")),
                     spread(column(rounds, "read_back"), unit=" s"),
                     spread(column(rounds, "restore"), unit=" s"),
                     spread(column(rounds, "untar"), unit=" s"),
                     spread(ratios(rounds, "restore", "untar"))])
    return table(["data", "backup", "`tar`, `zstd`", "ratio", "reading back", "restore",
                  "`zstd`, `tar`", "ratio"], rows)


def cost_table(sizes):
    rows = []
    for size in sizes:
        rounds = size["rounds"]
        rows.append([size_name(size["data_bytes"]),
                     spread(column(rounds, "backup_kib", 1 / 1024), 1, " MiB"),
                     spread(column(rounds, "restore_kib", 1 / 1024), 1, " MiB"),
                     spread(column(rounds, "clone"), unit=" s"),
                     spread(column(rounds, "commits_before"), 0),
                     spread(column(rounds, "commits_during"), 0),
                     spread(ratios(rounds, "commits_during", "commits_before"))])
    return table(["data", "graft-backup's memory", "graftctl's memory", "clone",
                  "commits a second before", "during the clone", "ratio"], rows)


def dump_table(sizes):
    rows = []
    for size in sizes:
        dump = size["dump"]
        if dump:
            rows.append([size_name(size["data_bytes"]), f"{dump['mydumper']:.1f} s",
                         f"{dump['myloader']:.1f} s", f"{dump['restore']:.1f} s",
                         f"{dump['served']:.1f} s", f"{dump['myloader'] / dump['restore']:.1f}",
                         f"{dump['myloader'] / dump['served']:.1f}"])
    return table(["data", "mydumper", "myloader", "restore", "restore until mysqld serves",
                  "myloader over restore", "over restore until mysqld serves"], rows) if rows else ""


def missed_targets(sizes):
    missed = []

    def check(what, value, limit, good):
        if not good:
            missed.append(f"{what}: {value:.2f}, and the target is {limit}")

    for size in sizes:
        name = size_name(size["data_bytes"])
        for what, theirs, limit in (("backup", "tar", BACKUP_AT_MOST),
                                    ("restore", "untar", RESTORE_AT_MOST)):
            ratio = statistics.median(ratios(size["rounds"], what, theirs))
            check(f"{name}: {what} over {theirs}", ratio, f"at most {limit}", ratio <= limit)
        if size["dump"] and size["size_bytes"] >= LARGE_BYTES:
            ratio = size["dump"]["myloader"] / size["dump"]["restore"]
            check(f"{name}: myloader over restore", ratio, f"at least {LOAD_AT_LEAST}",
                  ratio >= LOAD_AT_LEAST)
    for what in ("backup_kib", "restore_kib"):
        peaks = [statistics.median(column(size["rounds"], what)) for size in sizes]
        ratio = peaks[-1] / peaks[0]
        check(f"memory of the largest over the smallest size, {what}", ratio,
              f"at most {MEMORY_AT_MOST}", ratio <= MEMORY_AT_MOST)
    return missed


def tables(report):
    """The Markdown, and a line for each target that is missed."""
    sizes = report["backups"]
    parts = [files_table(sizes), cost_table(sizes), dump_table(sizes)]
    return "\n".join(part for part in parts if part), missed_targets(sizes)
