"""Of what publish.py, plot.py and backup_report.py make of a report."""

import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import backup_report  # noqa: E402
import plot  # noqa: E402
import publish  # noqa: E402

SECONDS = {"median": 4.5, "min": 4.25, "max": 5.0, "runs": [4.25, 4.5, 5.0]}
REPORT = {
    "mysql_version": "9.7.4-2", "buffer_pool": "1G", "load_average": 0.26,
    "sizes": [{"size_bytes": 998000000, "ways": [
        {"way": "graft", "seconds": SECONDS},
        {"way": "mydumper to myloader", "seconds": None}]}],
}


class Publish(unittest.TestCase):
    def test_replaces_what_is_between_the_marks_and_nothing_else(self):
        document = "# Title\n" + publish.BEGIN + "old\n" + publish.END + "the rest\n"
        once = publish.replaced(document, "new\n")
        self.assertEqual(once, "# Title\n" + publish.BEGIN + "\nnew\n\n" + publish.END
                         + "the rest\n")
        self.assertEqual(publish.replaced(once, "new\n"), once)

    def test_refuses_a_document_without_marks(self):
        with self.assertRaises(SystemExit):
            publish.replaced("# Title\n" + publish.END + publish.BEGIN, "new\n")

    def test_says_what_made_the_tables_and_puts_them_a_level_lower(self):
        text = publish.measured(REPORT, "## Rebuilding\n\n| way |\n", "scripts/bench --quick")
        self.assertIn("`scripts/bench --quick`, on ", text)
        self.assertIn("MySQL 9.7.4 with a buffer pool of 1G; load average when it began: 0.3", text)
        self.assertIn("\n### Rebuilding\n", text)

    def test_the_document_has_its_marks(self):
        root = pathlib.Path(publish.__file__).resolve().parents[2]
        document = (root / "docs/performance.md").read_text()
        for mark in (publish.BEGIN, publish.BEGIN_BACKUPS):
            self.assertIn(mark + "\n### X\n", publish.replaced(document, "### X\n", mark))

    def test_each_part_ends_at_its_own_mark(self):
        document = (publish.BEGIN + "ways\n" + publish.END + publish.BEGIN_BACKUPS + "old\n"
                    + publish.END)
        self.assertEqual(publish.replaced(document, "new\n", publish.BEGIN_BACKUPS),
                         publish.BEGIN + "ways\n" + publish.END + publish.BEGIN_BACKUPS
                         + "\nnew\n\n" + publish.END)


def size_of_backups(size, **changes):
    figures = {"backup": 1.0, "tar": 1.0, "read_back": 0.5, "restore": 1.0, "untar": 1.0,
               "clone": 2.0, "backup_kib": 20480, "restore_kib": 10240, "commits_before": 100.0,
               "commits_during": 50.0, **changes}
    return {"size_bytes": size, "data_bytes": size, "rounds": [figures] * 3,
            "dump": {"mydumper": 1.0, "myloader": 10.0, "restore": 1.0, "served": 2.0}}


class Backups(unittest.TestCase):
    def test_ratios_are_taken_round_by_round(self):
        rounds = [{"backup": 1.0, "tar": 2.0}, {"backup": 4.0, "tar": 4.0}]
        self.assertEqual(backup_report.ratios(rounds, "backup", "tar"), [0.5, 1.0])
        self.assertEqual(backup_report.spread([3.0, 1.0, 2.0], unit=" s"), "2.00 s (1.00 to 3.00)")

    def test_nothing_is_missed_on_the_limits(self):
        sizes = [size_of_backups(256_000_000),
                 size_of_backups(4_000_000_000, backup=1.1, restore=1.2, restore_kib=11264)]
        sizes[1]["dump"]["myloader"] = 10.0
        text, missed = backup_report.tables({"backups": sizes})
        self.assertEqual(missed, [])
        self.assertIn("| 4.0 GB | 1.10 s (1.10 to 1.10) |", text)

    def test_tells_every_target_that_is_missed(self):
        sizes = [size_of_backups(256_000_000),
                 size_of_backups(4_000_000_000, backup=1.11, restore=1.21, backup_kib=22600)]
        sizes[1]["dump"]["restore"] = 1.01
        _, missed = backup_report.tables({"backups": sizes})
        for what in ("4.0 GB: backup over tar: 1.11", "4.0 GB: restore over untar: 1.21",
                     "4.0 GB: myloader over restore: 9.90", "smallest size, backup_kib: 1.10"):
            self.assertTrue(any(what in line for line in missed), (what, missed))
        self.assertEqual(len(missed), 4)


class Plot(unittest.TestCase):
    def test_leaves_out_what_was_not_measured(self):
        self.assertEqual(plot.row(REPORT["sizes"][0], "graft"), "4.5 4.25 5.0")
        self.assertEqual(plot.row(REPORT["sizes"][0], "mydumper to myloader"), plot.NOTHING)
        self.assertEqual(plot.row(REPORT["sizes"][0], "by hand"), plot.NOTHING)

    def test_draws_the_ways_that_there_are(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "plot.svg"
            plot.draw(REPORT, out)
            svg = out.read_text()
        self.assertIn("<svg", svg)
        self.assertIn("1.0 GB", svg)
        self.assertIn(">graft<", svg.replace("\n", ""))
        self.assertNotIn("mydumper", svg)


if __name__ == "__main__":
    unittest.main()
