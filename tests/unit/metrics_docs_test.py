#!/usr/bin/env python3
"""Holds docs/ to the metrics that an agent exposes.

    metrics_docs_test.py <metrics_sample>

docs/reference/metrics.md must list every metric with its type and labels, and no other; every
query of docs/alerts.yml and docs/grafana-dashboard.json may use those alone; promtool must accept
all of it. docs/guides/monitoring.md must list the alerts.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SAMPLE = None  # the program

SCRAPE_LABELS = {"job", "instance"}  # Prometheus's own
LINE = re.compile(r"(\w+)(?:\{(.*)\})? \S+$")
LABEL = re.compile(r'(\w+)="(?:\\.|[^"\\])*"')
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \|([^|]*)\| \S.* \|$")  # with its meaning
SELECTOR = re.compile(r"\b((?:graft|process)_\w+|up)\b\s*(?:\{([^}]*)\})?")
MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
GROUPING = re.compile(r"\b(?:by|on|group_left|without)\s*\(([^)]*)\)")
TEXT = re.compile(r'"(?:\\.|[^"\\])*"')


def run(*command, text=None):
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    return done.returncode, done.stdout


def exposed(page):
    """{name: (type, labels)} of a scrape."""
    metrics = {}
    for line in page.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            metrics[name] = (kind, set())
        elif not line.startswith("#"):
            name, labels = LINE.match(line).groups()
            base = name if name in metrics else re.sub(r"_(bucket|sum|count)$", "", name)
            metrics[base][1].update(set(LABEL.findall(labels or "")) - {"le"})
    return metrics


def documented(text):
    """The same of the tables, and the names that stand there twice."""
    metrics, twice = {}, []
    for line in text.splitlines():
        match = ROW.match(line)
        if not match or match.group(1).startswith("Graft"):
            continue
        name, kind, labels = match.groups()
        if name in metrics:
            twice.append(name)
        metrics[name] = (kind, set(re.findall(r"`(\w+)`", labels)))
    return metrics, twice


def series_of(metrics):
    """{series name: its labels}, those of histograms one by one."""
    series = {"up": set()}
    for name, (kind, labels) in metrics.items():
        if kind == "histogram":
            series[name + "_bucket"] = labels | {"le"}
            series[name + "_sum"] = series[name + "_count"] = labels
        else:
            series[name] = labels
    return series


def faults_of(query, series):
    """What a query names that is not exposed."""
    for name, matchers in SELECTOR.findall(query):
        if name not in series:
            yield f"{name} is not exposed: {query}"
            continue
        for label in MATCHER.findall(TEXT.sub('""', matchers)):
            if label not in series[name] | SCRAPE_LABELS:
                yield f"{name} has no label {label}: {query}"
    named = {name for name, _ in SELECTOR.findall(query)}
    known = SCRAPE_LABELS.union(*(series.get(name, set()) for name in named))
    for labels in GROUPING.findall(query):
        for label in set(re.findall(r"\w+", labels)) - known:
            yield f"no metric here has a label {label}: {query}"


def anchors(path):
    lines = re.sub(r"```.*?```", "", path.read_text(), flags=re.S).splitlines()
    return {re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")
            for line in lines if line.startswith("#")}


def dashboard_queries(board):
    """Of panels, those inside of rows too, and of variables."""
    panels = list(board["panels"])
    while panels:
        panel = panels.pop()
        panels += panel.get("panels", [])
        for target in panel.get("targets", []):
            yield target["expr"]
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield re.match(r"label_values\((.*), \w+\)$", variable["definition"]).group(1)


def input_series(page, instance):
    """The samples of a scrape for promtool, those of counters growing."""
    yield {"series": f'up{{job="graft", instance="{instance}"}}', "values": "1x10"}
    for line in page.splitlines():
        if line.startswith("#"):
            continue
        series, value = line.rsplit(" ", 1)
        name, _, labels = series.partition("{")
        both = f'job="graft", instance="{instance}"' + (", " + labels[:-1] if labels else "")
        grows = re.search(r"_(total|bucket|sum|count)$", name)
        yield {"series": f"{name}{{{both}}}", "values": f"{value}{'+1' if grows else ''}x10"}


class MetricsDocsTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.pages = [run(SAMPLE)[1], run(SAMPLE, "--failed")[1]]
        cls.metrics = exposed(cls.pages[0])
        for name, (kind, labels) in exposed(cls.pages[1]).items():
            assert cls.metrics[name][0] == kind
            cls.metrics[name][1].update(labels)
        cls.series = series_of(cls.metrics)
        cls.alerts_file = ROOT / "docs/alerts.yml"
        cls.alerts = [rule for group in yaml.safe_load(cls.alerts_file.read_text())["groups"]
                      for rule in group["rules"]]
        cls.board = json.loads((ROOT / "docs/grafana-dashboard.json").read_text())
        cls.reference = (ROOT / "docs/reference/metrics.md").read_text()
        cls.guide = (ROOT / "docs/guides/monitoring.md").read_text()

    def test_promtool_accepts_a_scrape(self):
        for page in self.pages:
            code, output = run("promtool", "check", "metrics", text=page)
            self.assertEqual((code, output), (0, ""))

    def test_every_metric_has_a_sample(self):
        # Else its labels could not be compared.
        sampled = {re.sub(r"[ {].*", "", line) for page in self.pages
                   for line in page.splitlines() if not line.startswith("#")}
        self.assertEqual(set(self.series) - {"up"} - sampled, set())

    def test_the_reference_lists_what_is_exposed(self):
        listed, twice = documented(self.reference)
        self.assertEqual(twice, [])
        self.assertEqual(listed, self.metrics)

    def test_alerts_use_what_is_exposed(self):
        faults = [fault for rule in self.alerts for fault in faults_of(rule["expr"], self.series)]
        self.assertEqual(faults, [])

    def test_dashboard_uses_what_is_exposed(self):
        queries = list(dashboard_queries(self.board))
        self.assertGreater(len(queries), 40)
        self.assertEqual([f for query in queries for f in faults_of(query, self.series)], [])

    def test_dashboard_shows_every_metric(self):
        # One that nobody looks at is not worth its series.
        shown = {name for query in dashboard_queries(self.board)
                 for name, _ in SELECTOR.findall(query)}
        unseen = {name for name in self.metrics
                  if not shown & (set(series_of({name: self.metrics[name]})) - {"up"})}
        self.assertEqual(unseen - {"process_start_time_seconds", "process_virtual_memory_bytes",
                                   "graft_operation_elapsed_seconds",
                                   "graft_operation_step_elapsed_seconds"}, set())

    def test_every_alert_says_what_to_do_and_where_more_is_said(self):
        for rule in self.alerts:
            notes = rule["annotations"]
            self.assertEqual(set(notes), {"summary", "description", "action", "runbook"},
                             rule["alert"])
            path, anchor = notes["runbook"].split("#")
            self.assertIn(anchor, anchors(ROOT / path), rule["alert"])
            self.assertIn(rule["labels"]["severity"], {"critical", "warning"}, rule["alert"])

    def test_the_guide_lists_the_alerts(self):
        listed = re.findall(r"^\| `(Graft\w+)` \| (\w+) \|", self.guide, re.M)
        self.assertEqual(listed, [(rule["alert"], rule["labels"]["severity"])
                                  for rule in self.alerts])

    def test_promtool_accepts_the_alerts(self):
        code, output = run("promtool", "check", "rules", str(self.alerts_file))
        self.assertEqual(code, 0, output)
        code, output = run("promtool", "test", "rules",
                           str(ROOT / "tests/unit/metrics_alerts_test.yml"))
        self.assertEqual(code, 0, output)

    def test_every_query_of_the_dashboard_has_an_answer(self):
        # As recording rules, over the two sample pages as scraped from two agents: promtool then
        # finds queries that cannot be evaluated, such as joins of many with many, too.
        queries = [query.replace("$__rate_interval", "4m").replace("$step", ".*")
                   .replace("$alias", ".*").replace("$keyspace", ".*")
                   for query in dashboard_queries(self.board)]
        rules = [{"record": f"query:{n}", "expr": query} for n, query in enumerate(queries)]
        answered = {"expr": 'count(count by (__name__) ({__name__=~"query:.+"}))',
                    "eval_time": "10m", "exp_samples": [{"labels": "{}", "value": len(queries)}]}
        series = [one for number, page in enumerate(self.pages)
                  for one in input_series(page, f"agent-{number}:15100")]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            (path / "rules.yml").write_text(yaml.safe_dump(
                {"groups": [{"name": "dashboard", "rules": rules}]}))
            (path / "test.yml").write_text(yaml.safe_dump(
                {"rule_files": ["rules.yml"], "evaluation_interval": "1m",
                 "tests": [{"interval": "1m", "input_series": series,
                            "promql_expr_test": [answered]}]}))
            code, output = run("promtool", "test", "rules", str(path / "test.yml"))
        self.assertEqual(code, 0, output)

    def test_dashboards_panels_are_distinct_and_fit(self):
        panels = self.board["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken = set()
        for panel in panels:
            at = panel["gridPos"]
            self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                     for y in range(at["y"], at["y"] + at["h"])}
            self.assertEqual(cells & taken, set(), panel["title"])
            taken |= cells


if __name__ == "__main__":
    SAMPLE = sys.argv.pop(1)
    unittest.main()
