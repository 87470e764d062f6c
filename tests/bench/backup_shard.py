"""A shard of one mysqld with its agent and an etcd, for backup_bench.py. PATH has the programs."""

import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time

PATIENCE_SECONDS = 300
FIRST_ROWS = 40000
MOST_ROWS_PER_STATEMENT = 500000
BYTES_PER_ROW = 333  # about, with all indexes

# Half words, half what does not compress.
TABLE = """
CREATE DATABASE bench|
CREATE TABLE bench.orders (
  id BIGINT AUTO_INCREMENT PRIMARY KEY, customer INT UNSIGNED NOT NULL, placed DATETIME NOT NULL,
  reference CHAR(16) CHARACTER SET ascii NOT NULL, note VARCHAR(400) NOT NULL)|
SET SESSION cte_max_recursion_depth = {rows}|
INSERT INTO bench.orders (customer, placed, reference, note)
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
  SELECT RAND() * 1000000, '2020-01-01' + INTERVAL RAND() * 157680000 SECOND,
    HEX(RANDOM_BYTES(8)), CONCAT('leave it with the neighbours if nobody is at home, or ring the '
    'bell twice: the bell is hard to hear / ', TO_BASE64(RANDOM_BYTES(72))) FROM n|
CREATE TABLE bench.commits (id BIGINT AUTO_INCREMENT PRIMARY KEY, at DATETIME(6) NOT NULL)|
CREATE TABLE bench.writer (goes_on BOOL NOT NULL)|
INSERT INTO bench.writer VALUES (0)|
CREATE PROCEDURE bench.write_on() BEGIN
  WHILE (SELECT goes_on FROM bench.writer) DO
    INSERT INTO bench.commits (at) VALUES (SYSDATE(6)); END WHILE; END|
"""
MORE_ROWS = """INSERT INTO bench.orders (customer, placed, reference, note)
  SELECT RAND() * 1000000, '2020-01-01' + INTERVAL RAND() * 157680000 SECOND,
    HEX(RANDOM_BYTES(8)), note FROM bench.orders ORDER BY id LIMIT {rows};"""
DROP_INDEXES = ("ALTER TABLE bench.orders DROP INDEX by_customer, DROP INDEX by_reference, "
                "DROP INDEX by_time;")
ADD_INDEXES = ("ALTER TABLE bench.orders ADD INDEX by_customer (customer, placed), "
               "ADD INDEX by_reference (reference), ADD INDEX by_time (placed);")


def free_ports(count):
    return subprocess.run(["bash", "-c", 'source "$0"; free_ports "$1"',
                           pathlib.Path(__file__).resolve().parents[2] / "scripts/lib.sh",
                           str(count)], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.split()


def wait_until(what, holds):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            sys.exit(f"waited in vain for {what}")
        threading.Event().wait(0.02)


class Process:
    def __init__(self, log, *argv):
        with log.open("a") as out:
            self.child = subprocess.Popen(list(map(str, argv)), stdout=out, stderr=out,
                                          stdin=subprocess.DEVNULL)

    def stop(self):
        if self.child.poll() is None:
            self.child.terminate()
        self.child.wait()


class Mysqld:
    """A tablet's mysqld, under graft-mysqld."""

    def __init__(self, folder, server_id, port, password_flags):
        self.folder, self.process = folder, None
        self.data = folder / "data"
        self.socket = str(folder / "mysql.sock")
        self.client = [os.environ["GRAFT_MYSQL_HOME"] + "/bin/mysql", "--no-defaults", "--batch",
                       "--skip-column-names", "--user=vt_dba", "--socket=" + self.socket]
        subprocess.run(["graft-mysqld", "init", "--data-dir", folder, "--mysql-port", port,
                        "--server-id", str(server_id), "--report-host", "127.0.0.1",
                        "--bind-address", "127.0.0.1", "--mysql-clone-enabled", *password_flags],
                       check=True, stdout=subprocess.DEVNULL)
        self.start()

    def start(self):
        self.process = Process(self.folder.parent / "mysqld.log", "graft-mysqld", "run",
                               "--data-dir", self.folder)
        wait_until("mysqld in " + str(self.folder), self.answers)

    def stop(self):
        self.process.stop()

    def answers(self):
        return subprocess.run([*self.client, "-e", "SELECT 1"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode == 0

    def sql(self, statements, delimiter=";"):
        return subprocess.run([*self.client, "--delimiter=" + delimiter], input=statements,
                              text=True, stdout=subprocess.PIPE, check=True).stdout.strip()


class Writer:
    """One connection of a donor that commits row by row."""

    def __init__(self, donor):
        self.donor, self.running = donor, True
        donor.sql("UPDATE bench.writer SET goes_on = 1")
        self.child = subprocess.Popen(
            [*donor.client, "-e", "SET time_zone = '+00:00'; CALL bench.write_on()"])

    def run_for(self, seconds):
        try:
            self.child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return
        sys.exit(f"the writer ended by itself, with {self.child.returncode}")

    def stop(self):
        if self.running:
            self.running = False
            self.donor.sql("UPDATE bench.writer SET goes_on = 0")
            if self.child.wait():
                sys.exit(f"the writer failed, with {self.child.returncode}")


class BackupShard:
    def __init__(self, work):
        self.work, self.processes, self.recipient = work, [], None
        self.password_flags = []
        for name in ("repl", "clone"):
            path = work / f"{name}.password"
            path.touch(mode=0o600)
            path.write_text(os.urandom(16).hex())
            self.password_flags += [f"--db-{name}-password-file", str(path)]

    def __enter__(self):
        try:
            self.open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def open(self):
        etcd, peer, mysql, grpc = free_ports(4)
        url, peer_url = f"http://127.0.0.1:{etcd}", f"http://127.0.0.1:{peer}"
        os.environ.update(GRAFT_TOPO_IMPLEMENTATION="etcd2", ETCDCTL_API="3",
                          GRAFT_TOPO_GLOBAL_SERVER_ADDRESS=f"127.0.0.1:{etcd}",
                          GRAFT_TOPO_GLOBAL_ROOT="/vitess/global")
        self.begin("etcd", "etcd", "--data-dir", self.work / "etcd", "--listen-client-urls", url,
                   "--advertise-client-urls", url, "--listen-peer-urls", peer_url,
                   "--initial-advertise-peer-urls", peer_url, "--initial-cluster",
                   "default=" + peer_url)
        self.until_succeeds("etcdctl", "--endpoints", url, "endpoint", "health")
        self.until_succeeds("graftctl", "topo", "add-cell", "zone1", "--server-address",
                            f"127.0.0.1:{etcd}", "--root", "/vitess/zone1")
        self.donor = Mysqld(self.work / "vt_0000000100", 100, mysql, self.password_flags)
        self.processes.append(self.donor.process)
        self.begin("graftd", "graftd", "--tablet-path", "zone1-0000000100", "--tablet-hostname",
                   "127.0.0.1", "--bind-address", "127.0.0.1", "--grpc-port", grpc,
                   "--init-keyspace", "shop", "--init-shard", "0", "--db-socket",
                   self.donor.socket, "--state-dir", self.work / "state", *self.password_flags)
        self.until_succeeds("graftctl", "topo", "set-primary", "shop/0", "zone1-0000000100")
        wait_until("the agent with its server", lambda: mysql in subprocess.run(
            ["graftctl", "tablets", "--no-ask"], text=True, stdout=subprocess.PIPE,
            check=True).stdout)
        self.donor.sql("SET GLOBAL super_read_only = OFF; SET GLOBAL read_only = OFF; "
                       "SET GLOBAL innodb_max_dirty_pages_pct = 0")

    def __exit__(self, *_):
        if self.recipient:
            self.recipient.stop()
        for process in reversed(self.processes):
            process.stop()

    def begin(self, name, *argv):
        self.processes.append(Process(self.work / f"{name}.log", *argv))

    def until_succeeds(self, *argv):
        wait_until(" ".join(argv), lambda: subprocess.run(
            argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            check=False).returncode == 0)

    def grow_to(self, size):
        """Rows until the data has about `size` bytes; not in the binary log."""
        wanted = size // BYTES_PER_ROW
        if not self.donor.sql("SHOW DATABASES LIKE 'bench'"):
            self.donor.sql("SET sql_log_bin = 0|" + TABLE.format(rows=FIRST_ROWS), delimiter="|")
            present = FIRST_ROWS
            drop = ""
        else:
            present = int(self.donor.sql("SELECT COUNT(*) FROM bench.orders"))
            drop = DROP_INDEXES
        more = ""
        while present < wanted:
            rows = min(present, wanted - present, MOST_ROWS_PER_STATEMENT)
            more += MORE_ROWS.format(rows=rows)
            present += rows
        self.donor.sql("SET sql_log_bin = 0; ALTER INSTANCE DISABLE INNODB REDO_LOG;" + drop + more
                       + ADD_INDEXES + "ALTER INSTANCE ENABLE INNODB REDO_LOG")
        wait_until("the donor's pages to be written", lambda: self.donor.sql(
            "SELECT variable_value FROM performance_schema.global_status "
            "WHERE variable_name = 'Innodb_buffer_pool_pages_dirty'") == "0")

    def start_writer(self):
        return Writer(self.donor)

    def commits(self, begin, end):
        """How many there were between the two Unix times."""
        return int(self.donor.sql(
            "SET time_zone = '+00:00'; SELECT COUNT(*) FROM bench.commits "
            f"WHERE at >= FROM_UNIXTIME({begin:.6f}) AND at < FROM_UNIXTIME({end:.6f})"))

    def fresh_recipient(self):
        folder = self.work / "vt_0000000101"
        shutil.rmtree(folder, ignore_errors=True)
        self.recipient = Mysqld(folder, 101, free_ports(1)[0], self.password_flags)
        self.recipient.sql("SET GLOBAL super_read_only = OFF; SET GLOBAL read_only = OFF; "
                           "SET GLOBAL innodb_flush_log_at_trx_commit = 2")
        return self.recipient
