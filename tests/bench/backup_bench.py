#!/usr/bin/env python3
"""Measures graft-backup and graftctl backups restore; scripts/bench --backup starts it.

For each size one mysqld is filled. A round is then: graft-backup clones it (a writer commits on it
for three seconds before and until the clone ends), writes a backup and reads it back; tar and zstd
pack the same stopped data directory; graftctl restores the backup; zstd and tar unpack. Before each
the page cache forgets the files that are read, and each ends with its files synced. Ratios are
taken round by round; a round to warm up is not counted. mydumper and myloader follow once.
"""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import backup_report  # noqa: E402  (its neighbours)
import backup_shard  # noqa: E402

LEVEL = "1"
THREADS = "4"
BASELINE_SECONDS = 3
POLL_SECONDS = 0.005

PACK = 'set -o pipefail; tar -C "$1" -cf - . | zstd -q -"$3" -T"$4" -o "$2" && sync "$2"'
UNPACK = ('set -o pipefail; zstd -q -d -T"$3" -c "$2" | tar -C "$1" -xf - && '
          'find "$1" -type f -exec sync {} +')


def forget(folder):
    """Takes the file, or the folder's files, out of the page cache."""
    folder = pathlib.Path(folder)
    for path in [folder, *folder.rglob("*")]:
        if path.is_file():
            fd = os.open(path, os.O_RDONLY)
            os.fsync(fd)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)


def emptied(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def seconds_of(argv):
    began = time.monotonic()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def peak_kib(pid):
    """The most memory the process has had resident; 0 once it has ended."""
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())
        return int(found.group(1)) if found else 0
    return 0


def ended(process, seconds):
    """Waits for its end, at most so long."""
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def run_watched(argv, log, look=lambda: None):
    """Runs it; returns its seconds and its own peak memory in KiB, without its children's."""
    began = time.monotonic()
    peak = 0
    with log.open("w") as out:
        process = subprocess.Popen(argv, stdout=out, stderr=subprocess.STDOUT)
        try:
            while not ended(process, POLL_SECONDS):
                peak = max(peak, peak_kib(process.pid))
                look()
        finally:  # interrupted; it ends its own mysqld first
            process.terminate()
            process.wait()
    if process.returncode:
        sys.exit(f"{argv[0]} ended with {process.returncode}:\n{log.read_text()[-2000:]}")
    return time.monotonic() - began, peak


def log_time(line):
    text = re.match(r"time=(\S+)Z", line).group(1)
    return datetime.datetime.fromisoformat(text + "+00:00").timestamp()


def moments(log):
    """When graft-backup began and ended what is measured, in Unix time, from its log."""
    marks = {"clone": 'msg="step begins".* step=clone ', "cloned": 'msg="step begins"',
             "write": 'msg="writing the backup"', "read": 'msg="reading the backup"',
             "end": 'msg="the backup is complete"'}
    lines = [line for line in log.read_text().splitlines() if line.startswith("time=")]
    found = {}
    rest = iter(lines)
    for name, pattern in marks.items():  # each after the one before
        line = next((line for line in rest if re.search(pattern, line)), None)
        if line is None:
            sys.exit(f"{log} has no line {pattern}")
        found[name] = log_time(line)
    return found


class Bench:
    def __init__(self, shard, work):
        self.shard = shard
        self.storage = work / "backups"
        self.data = work / "restored"
        self.packed = work / "packed.tar.zst"
        self.unpacked = work / "unpacked"
        self.log = work / "graft-backup.log"
        self.work = work
        self.storage.mkdir(exist_ok=True)
        self.flags = ["--file-backup-storage-root", str(self.storage)]

    def back_up(self):
        """graft-backup beside a writer, which ends with the clone."""
        writer = self.shard.start_writer()
        began = time.time()
        writer.run_for(BASELINE_SECONDS)
        looked = 0.0

        def look():
            nonlocal looked
            if writer.running and time.monotonic() - looked > 0.1:
                looked = time.monotonic()
                if "catching up with the primary" in self.log.read_text():
                    writer.stop()

        _, peak = run_watched(
            ["graft-backup", "--init-keyspace", "shop", "--init-shard", "0", "--restore-with-clone",
             "--clone-from-any", "--allow-first-backup", "--work-dir", str(self.work / "making"),
             "--compression-level", LEVEL, "--concurrency", THREADS, *self.flags,
             *self.shard.password_flags], self.log, look)
        writer.stop()
        at = moments(self.log)
        before = self.shard.commits(began, began + BASELINE_SECONDS) / BASELINE_SECONDS
        during = self.shard.commits(at["clone"], at["cloned"]) / (at["cloned"] - at["clone"])
        return {"backup": at["read"] - at["write"], "read_back": at["end"] - at["read"],
                "clone": at["cloned"] - at["clone"], "backup_kib": peak,
                "commits_before": before, "commits_during": during}

    def restore(self, into):
        forget(self.storage)
        return run_watched(["graftctl", "backups", "restore", "shop/0", "--to", str(into),
                            "--concurrency", THREADS, *self.flags], self.work / "restore.log")

    def round(self):
        """One of each, in turn."""
        figures = self.back_up()
        if self.data.exists():
            forget(self.data)
            self.packed.unlink(missing_ok=True)
            figures["tar"] = seconds_of(["bash", "-c", PACK, "bash", self.data, self.packed, LEVEL,
                                         THREADS])
            forget(self.packed)
        figures["restore"], figures["restore_kib"] = self.restore(emptied(self.data))
        if self.packed.exists():
            figures["untar"] = seconds_of(["bash", "-c", UNPACK, "bash", emptied(self.unpacked),
                                           self.packed, THREADS])
        self.keep_newest()
        return figures

    def keep_newest(self):
        for old in sorted((self.storage / "shop" / "0").iterdir())[:-1]:
            shutil.rmtree(old)

    def dump(self):
        """mydumper, myloader; and a restore until mysqld serves, which is what myloader ends with."""
        folder = emptied(self.work / "dump")
        recipient = self.shard.fresh_recipient()
        connect = ["--user", "vt_dba", "--threads", THREADS, "--socket"]
        dumped = seconds_of(["mydumper", *connect, self.shard.donor.socket, "--database", "bench",
                             "--outputdir", folder, "--rows", "500000", "--trx-consistency-only"])
        loaded = seconds_of(["myloader", *connect, recipient.socket, "--directory", folder])
        shutil.rmtree(folder)
        recipient.stop()
        began = time.monotonic()
        restored, _ = self.restore(emptied(recipient.data))
        recipient.start()
        served = time.monotonic() - began
        rows = recipient.sql("SELECT COUNT(*) FROM bench.orders")
        if rows != self.shard.donor.sql("SELECT COUNT(*) FROM bench.orders"):
            sys.exit("the restored server does not have the donor's rows")
        recipient.stop()
        return {"mydumper": dumped, "myloader": loaded, "restore": restored, "served": served}


def measured(bench, size, runs, dumps):
    bench.shard.grow_to(size)
    for folder in (bench.data, bench.unpacked):
        shutil.rmtree(folder, ignore_errors=True)
    bench.packed.unlink(missing_ok=True)
    bench.round()  # to warm up; it makes the data directory that tar packs
    rounds = []
    for number in range(runs):
        rounds.append(bench.round())
        print(f"{size}: round {number + 1}: {json.dumps(rounds[-1])}", file=sys.stderr, flush=True)
    data = sum(path.stat().st_size for path in bench.data.rglob("*") if path.is_file())
    dump = bench.dump() if dumps else None
    print(f"{size}: {json.dumps(dump)}", file=sys.stderr, flush=True)
    return {"size_bytes": size, "data_bytes": data, "rounds": rounds, "dump": dump}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", required=True, help="bytes, with commas")
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--dumps", type=int, default=1, help="0: without mydumper")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--text", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers end
    load = os.getloadavg()[0]
    with backup_shard.BackupShard(arguments.work) as shard:
        bench = Bench(shard, arguments.work)
        report = {"load_average": load, "mysql_version": shard.donor.sql("SELECT VERSION()"),
                  "backups": []}
        for size in sorted(map(int, arguments.sizes.split(","))):
            report["backups"].append(measured(bench, size, arguments.runs, arguments.dumps))
            if arguments.json:  # after each size: a run of half an hour may be interrupted
                arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    text, missed = backup_report.tables(report)
    arguments.text.write_text(text)
    print(text)
    for target in missed:
        print("missed: " + target)
    sys.exit(3 if missed else 0)


if __name__ == "__main__":
    main()
