"""Of what publish.py and plot.py make of a report."""

import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
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
        self.assertIn("\n### X\n", publish.replaced(document, "### X\n"))


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
