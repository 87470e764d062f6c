#!/usr/bin/env python3
"""Shows every lint rule a bad tree, which it must refuse, and a good one, which it must not."""

import json
import pathlib
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import lint  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class LintTest(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="graft-lint-"))
        self.addCleanup(shutil.rmtree, self.root)
        shutil.copy(ROOT / ".clang-format", self.root)

    def put(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def found(self, rule):
        return lint.findings(lint.Tree(self.root), rule)

    def refuses(self, rule, name, text, says=""):
        path = self.put(name, text)
        found = self.found(rule)
        self.assertEqual(len(found), 1, f"{rule} on {text!r}: {found}")
        self.assertIn(name + ":", found[0])
        self.assertIn(says, found[0])
        path.unlink()
        self.assertEqual(self.found(rule), [])

    def accepts(self, rule, name, text):
        self.put(name, text)
        self.assertEqual(self.found(rule), [], text)

    def test_includes_between_parts(self):
        for name, header in [
                ("src/base/a.cc", '"provision/b.h"'), ("src/base/a.cc", '"mysql/b.h"'),
                ("src/topo/a.cc", '"provision/b.h"'), ("src/provision/a.h", '"topo/b.h"'),
                ("src/etcd/a.cc", '"topo/keys.h"'), ("src/journal/a.cc", '"rpc/b.h"'),
                ("src/rpc/a.cc", '"journal/b.h"'), ("src/wire/a.h", '"journal/b.h"'),
                ("src/mysql/a.cc", '"mysqld/b.h"'), ("src/log/a.cc", '"fakes/b.h"'),
                ("src/rpc/a.cc", '"b.h"'), ("include/graft/a.h", '"base/errors.h"')]:
            self.refuses("includes", name, f"\n#include {header}\n")

    def test_includes_of_foreign_headers(self):
        for part in ("include/graft", "src/base", "src/topo", "src/provision"):
            for header in ("<grpcpp/grpcpp.h>", "<cppconn/driver.h>", "<mysql_driver.h>",
                           "<spdlog/spdlog.h>", "<CLI/CLI.hpp>", '"etcd/rpc.pb.h"',
                           '"graft/v1/operation.pb.h"', '"graft/v1/provisioner.grpc.pb.h"'):
                self.refuses("includes", f"{part}/a.h", f"#include {header}\n")
        self.refuses("includes", "src/rpc/a.cc", "#include <cppconn/driver.h>\n")
        self.refuses("includes", "src/agent/a.cc", "#include <spdlog/spdlog.h>\n")
        self.refuses("includes", "src/provision/a.cc", '#include "vitess/topodata.pb.h"\n')
        self.refuses("includes", "include/graft/a.h", "#include <sys/types.h>\n")

    def test_includes_of_headers_that_bring_foreign_ones_along(self):
        self.put("src/mysql/inner.h", "#include <cppconn/driver.h>\n")
        self.put("src/mysql/outer.h", '#include "mysql/inner.h"\n')
        self.accepts("includes", "src/mysql/a.cc", '#include "mysql/outer.h"\n')
        self.refuses("includes", "src/agent/a.cc", '#include "mysql/outer.h"\n', "along")
        self.refuses("includes", "src/agent/a.cc", '#include "mysql/inner.h"\n', "along")

    def test_includes_an_unknown_part(self):
        self.refuses("includes", "src/stray/a.cc", "int x;\n", "not in the table")

    def test_includes_between_rooms(self):
        self.put("src/provision/donor/README.md", "# donor\nWho.\n\nMay include: base.\n")
        self.put("src/provision/steps/README.md", "# steps\nMay include: base, donor.\n")
        self.accepts("includes", "src/provision/steps/a.cc",
                     '#include "provision/donor/b.h"\n#include "provision/steps/a.h"\n')
        self.accepts("includes", "src/provision/all.cc", '#include "provision/steps/a.h"\n')
        self.refuses("includes", "src/provision/donor/a.h", '#include "provision/steps/b.h"\n',
                     "donor must not include provision/steps/b.h")
        self.refuses("includes", "src/provision/steps/b.cc", '#include "provision/all.h"\n',
                     "steps must not include")
        self.put("src/provision/stray/a.cc", "int x;\n")
        self.assertIn("src/provision/stray/README.md:1: has no line", self.found("includes")[0])

    def test_includes_that_are_fine(self):
        self.accepts("includes", "include/graft/a.h",
                     '#include <string>\n#include "absl/status/status.h"\n#include "graft/b.h"\n')
        self.accepts("includes", "src/base/a.cc", '#include <sys/types.h>\n#include "base/a.h"\n')
        self.accepts("includes", "src/topo/a.cc", '#include "vitess/topodata.pb.h"\n')
        self.accepts("includes", "src/etcd/a.cc",
                     '#include <grpcpp/grpcpp.h>\n#include "etcd/rpc.grpc.pb.h"\n')
        self.accepts("includes", "src/mysql/a.cc", "#include <cppconn/driver.h>\n")
        self.accepts("includes", "src/agent/a.cc", '#include "mysql/a.h"\n#include "rpc/a.h"\n')
        self.accepts("includes", "src/graftd.cc", '#include "agent/a.h"\n')

    def compiles(self, *files):
        folder = self.root / "build/release"
        self.put("build/release/compile_commands.json", json.dumps(
            [{"directory": str(folder), "file": f"../../{file}", "command": "g++ -std=gnu++17 -c"}
             for file in files]))

    def test_thread_safety(self):
        locked = ("#include \"absl/base/thread_annotations.h\"\n"
                  "struct __attribute__((capability(\"mutex\"))) Lock {};\n"
                  "struct A { int F() { return n; } Lock lock; int n ABSL_GUARDED_BY(lock) = 0; };\n")
        self.compiles("src/base/a.cc", "src/base/b.cc")
        self.accepts("thread_safety", "src/base/b.cc", locked.replace("int F() {", "int F() ABSL_NO_THREAD_SAFETY_ANALYSIS {"))
        self.refuses("thread_safety", "src/base/a.cc", locked, "requires holding")

    def test_test_targets(self):
        self.compiles("tests/unit/a_test.cc")
        self.accepts("test_targets", "tests/unit/a_test.cc", "")
        self.accepts("test_targets", "tests/unit/helper.cc", "")
        self.refuses("test_targets", "tests/unit/b_test.cc", "", "in no target")
        self.refuses("test_targets", "tests/contract/a_test.cc", "")

    def test_files_that_are_compiled_together(self):
        unity = self.put("build/release/a.dir/Unity/unity_0_cxx.cxx",
                         f'#include "{self.root}/tests/unit/a_test.cc"\n'
                         f'#include "{self.root}/tests/unit/b_test.cc"\n')
        self.compiles("build/release/a.dir/Unity/unity_0_cxx.cxx")
        self.accepts("test_targets", "tests/unit/a_test.cc", "")
        self.accepts("test_targets", "tests/unit/b_test.cc", "")
        self.refuses("test_targets", "tests/unit/c_test.cc", "", "in no target")

    def test_test_targets_needs_the_build(self):
        with self.assertRaises(SystemExit):
            self.found("test_targets")

    def test_clang_format(self):
        self.accepts("clang_format", "src/base/a.cc", "int x = 1;\n")
        self.refuses("clang_format", "src/base/b.cc", "int  x=1 ;\n", "clang-format-14")
        self.refuses("clang_format", "tests/unit/b_test.cc", "int  x=1 ;\n")

    def test_shellcheck(self):
        self.accepts("shellcheck", "scripts/a", '#!/bin/sh\necho "$1"\n')
        self.refuses("shellcheck", "scripts/b", "#!/bin/bash\necho $1\n", "quote")
        self.refuses("shellcheck", ".ci/run", "#!/usr/bin/env bash\necho $1\n", "quote")

    def test_sleeps(self):
        for call in ("std::this_thread::sleep_for(x)", "absl::SleepFor(absl::Seconds(1))",
                     "usleep(1)", "nanosleep(&t, nullptr)", "sleep (1)"):
            self.refuses("sleeps", "tests/unit/a_test.cc", f"void F() {{ {call}; }}\n")
        self.accepts("sleeps", "src/base/a.cc",
                     '// sleep_for(1) is wrong\nconst char* x = "sleep(1)";  /* usleep(1) */\n')
        self.refuses("sleeps", "scripts/a", "#!/bin/sh\nwhile ! ready; do sleep 1; done\n")
        self.accepts("sleeps", "scripts/b", "#!/bin/sh\n# sleep 1 would be wrong\necho asleep\n")

    def test_wall_clock(self):
        for call in ("mutex.AwaitWithTimeout(c, d)", "changed.WaitWithDeadline(&m, t)",
                     "mutex.LockWhenWithTimeout(c, d)", "n.WaitForNotificationWithTimeout(d)",
                     "std::chrono::system_clock::now()", "absl::Now()"):
            self.refuses("wall_clock", "src/base/a.cc", f"void F() {{ {call}; }}\n")
            self.accepts("wall_clock", "tests/unit/a_test.cc", f"void F() {{ {call}; }}\n")
        self.accepts("wall_clock", "src/base/a.cc", "x = clock.Now(); // absl::Now() is not\n")
        self.accepts("wall_clock", "src/rpc/a.cc", "s->Shutdown(std::chrono::system_clock::now());\n")
        self.refuses("wall_clock", "src/rpc/a.cc", "mutex.AwaitWithTimeout(c, d);\n")

    def test_sizes(self):
        self.accepts("sizes", "src/base/a.cc", "\n" * lint.LONGEST_SOURCE)
        self.accepts("sizes", "src/base/a.h", "\n" * lint.LONGEST_HEADER)
        self.refuses("sizes", "src/base/b.cc", "\n" * (lint.LONGEST_SOURCE + 1))
        self.refuses("sizes", "include/graft/b.h", "\n" * (lint.LONGEST_HEADER + 1))

    TABLE = (
        'constexpr absl::string_view kCopy = "The copy";\n'
        '    {Reason::kGone, "GONE", Code::kX, kStop, kDonor, kCopy,\n     "it is " "down"},\n'
        '    {Reason::kMysqlNumber, "MYSQL_<number>", Code::kX, kStop, kDonor, kCopy,\n'
        '     "a \\"number\\""},\n'
        '    {Reason::kPageSize, "PAGE_SIZE", Code::kX, kStop, kDonor, kCopy, "as check"},\n')
    CHECKS = 'GRAFT_CHECK(kPageSize, kDonor, kAlone, "the page size is the same", PageSize)\n'
    ENTRY = "- **`PAGE_SIZE`** fatal\n"
    DOC = f"## The copy\n## Preflight\n{ENTRY}"
    INDEX = ('| `GONE` | it is down | [The copy] |\n| `MYSQL_<number>` | a "number" | [The copy] |\n'
             "| `PAGE_SIZE` | as check | [The copy] |\n[The copy]: ../failures.md#the-copy\n")

    def put_failures(self):
        self.put("src/provision/preflight_table.inc", self.CHECKS)
        self.put("src/base/reasons.cc", self.TABLE)
        self.put("docs/reference/reasons.md", self.INDEX)
        self.put("docs/failures.md", self.DOC)

    def refuses_document(self, name, bad, says):
        self.put(name, bad)
        found = self.found("failures")
        self.assertTrue(found, bad)
        self.assertIn(says, found[0])
        self.assertLessEqual(len(found), 3 if "section" in says else 1, f"{bad}: {found}")
        self.put_failures()

    def test_failures_holds_the_document_to_the_table(self):
        self.put_failures()
        doc, entry = self.DOC, self.ENTRY
        for bad, says in [
                (doc.replace(entry, ""), "preflight_table.inc:1: PAGE_SIZE is not in the list of"),
                (doc.replace("## The copy", "## A copy"), "has no section The copy"),
                (doc + "- **`GONE`** x\n", "GONE is in the list"),
                (doc + entry, "PAGE_SIZE stands there twice"),
                (doc + 'It says "the page … up here".\n', '"up here" is no text')]:
            self.refuses_document("docs/failures.md", bad, says)
        self.accepts("failures", "docs/failures.md",
                     doc + 'It says "… it is\ndown". `"code"`\n```\n"code"\n```\n')
        (self.root / "docs/reference/reasons.md").unlink()
        self.assertIn("docs/reference/reasons.md:1: is missing", self.found("failures")[0])

    def test_failures_holds_the_index_to_the_table(self):
        self.put_failures()
        index = self.INDEX
        gone = "| `GONE` | it is down | [The copy] |\n"
        for bad, says in [
                (index.replace(gone, ""), "src/base/reasons.cc:2: GONE is not in the index"),
                (index.replace("it is down", "it is up"), 'GONE means "it is down" in src/base'),
                (index.replace("down | [The copy]", "down |"), "GONE is dealt with in"),
                (index.replace("#the-copy", "#copy"), "lacks the line"),
                ("| `NO_WORD` | c | |\n" + index, "reasons.md:1: NO_WORD is in the index, but"),
                (index + gone, "GONE stands there twice"),
                (index.replace(gone, "") + gone, "MYSQL_<number> stands where GONE does")]:
            self.refuses_document("docs/reference/reasons.md", bad, says)

    def test_failures_keeps_the_words_in_the_table(self):
        self.put_failures()
        for name, source in [
                ("src/base/a.cc", 'Refusal{"PAGE_SIZE", "x"};\n'),
                ("src/base/a.cc", 'WithReason(F(absl::StrCat("a) (", b)),\n  "GONE");\n'),
                ("src/base/a.cc", 'unknown = absl::StrCat("MYSQL_", number);\n'),
                ("include/graft/a.h", 'inline constexpr char kReasonX[] = "GONE";\n')]:
            self.refuses("failures", name, source, "is a reason's word; say Reason::k")
        self.accepts("failures", "src/base/a.cc",
                     '// "GONE"\nconst char* kNames[] = {"CLONE_ADMIN", "SHARED_READ", "ON"};\n'
                     'WithReason(status, Reason::kGone);\nSet(session, "page_size");\n')
        self.put("src/base/a.cc", 'Say("GONE");\n')
        self.put("tests/lint/allowed.txt", "failures src/base/a.cc the server says it too\n")
        self.assertEqual(self.found("failures"), [])

    STEPS = "enum class DataState {\n  kIntact,  // whole\n  kEmpty,\n};\n"
    PLANS = ("rebuild = new Plan{\n"
             "      {Step::kFence,        Zone::kX, kOut, MayCancel::kYes, kNone, DataState::kIntact},\n"
             "      {Step::kAwaitRestart, Zone::kX, kOut, MayCancel::kYes, kNone, DataState::kEmpty},\n"
             "  };\nrelease = new Plan{\n"
             "      {Step::kRelease,      Zone::kX, kOut, MayCancel::kYes, kNone, DataState::kIntact},\n"
             "  };\n")
    CONCEPTS = ("# Concepts\n```mermaid\nstateDiagram-v2\n  direction TB\n  [*] --> INTACT\n"
                '  state INTACT {\n    state "fence: up" as fence\n    [*] --> fence : at once\n  }\n'
                "  state EMPTY {\n    fence__late --> await_restart\n  }\n"
                "  INTACT --> EMPTY : words of all kinds\n```\n"
                "```mermaid\nstateDiagram-v2\n  [*] --> release\n```\n"
                "```mermaid\nsequenceDiagram\n  participant a as graftd\n  Note over a: fence\n"
                "  a->>b: text\n  Note over a,b: await_restart\n```\n")

    def test_diagrams_show_the_steps_of_the_plans(self):
        self.put("src/base/plan.cc", self.PLANS)
        self.put("include/graft/operation.h", self.STEPS)
        for old, new, says in [
                ("fence__late --> await_restart", "fence__late", "await_restart is in src/base/plan.cc"),
                ("[*] --> fence", "prefence --> fence", "prefence is in the diagram alone"),
                ("Note over a,b: await_restart", "", "names ['fence']; a rebuild's steps are"),
                ("--> release", "--> released", "a release has the steps release"),
                ("state EMPTY {", "state PARTIAL {", "the boxes are"),
                ("```mermaid\nsequenceDiagram", "```mermaid\ngraph", "must have two state diagrams")]:
            self.put("docs/concepts.md", self.CONCEPTS.replace(old, new))
            found = self.found("diagrams")
            self.assertTrue(found, f"{old} -> {new}")
            self.assertIn(says, found[0])
        self.put("docs/concepts.md", self.CONCEPTS.replace("fence__late --> await", "fence --> await")
                 .replace('    state "fence: up" as fence\n    [*] --> fence : at once\n', ""))
        self.assertIn("fence is INTACT at worst, and stands in EMPTY", self.found("diagrams")[0])
        self.accepts("diagrams", "docs/concepts.md", self.CONCEPTS)

    def test_exceptions_have_reasons_and_end(self):
        long = self.put("src/base/b.cc", "\n" * 301)
        self.put("tests/lint/allowed.txt", "# note\nsizes src/base/b.cc one table\n")
        self.assertEqual(self.found("sizes"), [])
        self.assertEqual(self.found("sleeps"), [])
        long.write_text("\n")
        self.assertIn("needs no exception", self.found("sizes")[0])
        self.put("tests/lint/allowed.txt", "sizes src/base/b.cc\n")
        with self.assertRaises(SystemExit):
            self.found("sizes")


if __name__ == "__main__":
    unittest.main()
