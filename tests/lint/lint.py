#!/usr/bin/env python3
"""Checks of the sources that no compiler makes.

    lint.py [--root <checkout>] [--build <build folder>] <rule>...

Each rule prints its findings as path:line: text and makes the program fail. Exceptions stand in
tests/lint/allowed.txt, each with its reason; one that is no longer needed is a finding too.
"""

import argparse
import concurrent.futures
import json
import pathlib
import re
import shutil
import subprocess
import sys

ALL = {"base", "command_line", "host", "topo", "provision", "wire", "view", "journal", "log", "etcd", "filestore",
       "mysql", "mysqld", "rpc", "metrics", "http", "topo_open", "backups", "agent", "cli", "backup"}

# Who may include whom among the folders of src/; include/graft is open to all.
MAY_INCLUDE = {
    "base": {"base"},
    "command_line": {"base", "command_line"},
    "host": {"base", "host"},
    "topo": {"base", "topo"},
    "provision": {"base", "provision"},
    "wire": {"base", "wire"},
    "view": {"base", "wire", "view"},
    "journal": {"base", "wire", "journal"},
    "log": {"base", "log"},
    "etcd": {"base", "etcd"},
    "filestore": {"base", "filestore"},
    "mysql": {"base", "mysql"},
    "mysqld": {"base", "mysqld"},
    "rpc": {"base", "wire", "provision", "rpc"},
    "metrics": {"base", "metrics"},
    "http": {"base", "wire", "view", "provision", "http"},
    # Chooses a store by its options, for agent and cli alike.
    "topo_open": {"base", "topo", "etcd", "filestore", "topo_open"},
    # Backups as files in a storage; agents and servers are graft-backup's, in `backup`.
    "backups": {"base", "backups"},
    "agent": ALL,
    "cli": ALL,
    "backup": ALL,
    "main": ALL,  # src/*.cc
}

# Other people's headers: pattern, who may include them, and whether the part's own headers that do
# are its own business: no other part may include those, or they would spread.
FOREIGN = [
    (r"grpc(pp|\+\+)?/|.*\.grpc\.pb\.h$", {"rpc", "etcd", "cli", "agent"}, True),
    (r"cppconn/|jdbc/|mysql_connection\.h|mysql_driver\.h|mysql/jdbc\.h", {"mysql"}, True),
    (r"spdlog/|fmt/", {"log"}, True),
    (r"prometheus/", {"metrics"}, True),
    (r"microhttpd\.h$", {"http"}, True),
    (r"zstd\.h$|lz4frame\.h$|zlib\.h$|openssl/|curl/|pugixml\.hpp$", {"backups"}, True),
    (r"sqlite3\.h$", {"filestore"}, True),
    (r"nlohmann/", {"http", "cli", "log", "topo", "backups"}, True),
    (r"yaml-cpp/", {"cli"}, True),
    (r"CLI/", {"cli", "command_line", "agent", "backup", "backups", "topo_open", "main"}, False),
    (r"vitess/.*\.pb\.h$", {"topo", "agent", "cli"}, False),
    (r"etcd/.*\.pb\.h$", {"etcd"}, True),
    (r"graft/v1/.*\.pb\.h$", {"wire", "view", "journal", "rpc", "http", "agent", "cli"}, False),
    (r"google/protobuf/", {"wire", "journal", "rpc", "http", "agent", "cli", "topo", "etcd"}, False),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SLEEP_CALL = re.compile(r"\b(sleep|sleep_for|sleep_until|SleepFor|usleep|nanosleep)\s*\(")
# Abseil's timed waits are on the wall clock, and a wall clock's time is no place to count from.
WALL_CLOCK = re.compile(
    r"\b(\w+With(?:Timeout|Deadline)|AwaitWith\w+|absl::Now|pthread_cond_timedwait|sem_timedwait)\s*\("
    r"|\bsystem_clock\b|\bCLOCK_REALTIME\b")
SLEEP_COMMAND = re.compile(r"(^|[\s;&|(`])sleep\s")

LONGEST_SOURCE = 300
LONGEST_HEADER = 150


class Tree:
    """A checkout, and the folder it is built in."""

    def __init__(self, root, build=None):
        self.root = pathlib.Path(root)
        self.build = pathlib.Path(build or self.root / "build/release")
        self.allowed = {}  # (rule, path) -> line of allowed.txt
        self.used = set()
        path = self.root / "tests/lint/allowed.txt"
        for number, line in enumerate(path.read_text().splitlines() if path.exists() else [], 1):
            if not line.strip() or line.startswith("#"):
                continue
            rule, name, *reason = line.split(None, 2)
            if not reason:
                sys.exit(f"{path}:{number}: an exception needs its reason")
            self.allowed[rule, name] = number

    def files(self, folders, suffixes):
        for folder in folders:
            for path in sorted((self.root / folder).rglob("*")):
                if path.suffix in suffixes and path.is_file():
                    yield path

    def name(self, path):
        return path.relative_to(self.root).as_posix()

    def is_allowed(self, rule, path):
        key = (rule, self.name(path))
        if key in self.allowed:
            self.used.add(key)
        return key in self.allowed

    def scripts(self):
        for folder in ("scripts", ".ci"):
            for path in sorted((self.root / folder).rglob("*")):
                if path.is_file() and re.match(rb"#!.*\b(ba|da)?sh\b", path.read_bytes()):
                    yield path


COMMENT_OR_TEXT = re.compile(
    r'R"\((?:.|\n)*?\)"|//[^\n]*|/\*(?:.|\n)*?\*/|"(?:\\.|[^"\\\n])*"|'
    r"(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])*'")


def blanked(match):
    return re.sub(r"[^\n]", " ", match.group())


def code_only(text):
    """The text with comments and string contents blanked, line by line as before."""
    return COMMENT_OR_TEXT.sub(blanked, text)


def without_comments(text):
    return COMMENT_OR_TEXT.sub(
        lambda match: blanked(match) if match.group()[0] == "/" else match.group(), text)


def check_include(part, bracket, header):
    """What is wrong with `part` including `header`; None if nothing is."""
    if bracket == '"' and "/" not in header:
        return f'"{header}": name its folder too'
    for pattern, users, _ in FOREIGN:
        if re.match(pattern, header):
            return None if part in users else f"{header} is for {', '.join(sorted(users))} only"
    if bracket == "<" or header.startswith(("absl/", "graft/")):
        foreign = bracket == "<" and ("/" in header or header.endswith(".h"))
        return f"{header}: include/ is for std and absl only" if part == "include" and foreign \
            else None
    target = header.split("/")[0]
    if part == "include" or target not in MAY_INCLUDE[part]:
        return f"{part} must not include {header}"
    return None


def private_headers(tree):
    """Headers of src/ that bring in others' headers which are their part's own business."""
    brings = {}
    for path in tree.files(["src"], {".h"}):
        lines = path.read_text().splitlines()
        brings[path.relative_to(tree.root / "src").as_posix()] = {
            match.group(2) for match in map(INCLUDE.match, lines) if match}
    private = {name for name, headers in brings.items() for header in headers
               for pattern, _, own in FOREIGN if own and re.match(pattern, header)}
    while True:
        more = {name for name, headers in brings.items() if headers & private} - private
        if not more:
            return private
        private |= more


def part_of(tree, path):
    relative = path.relative_to(tree.root).parts
    if relative[0] == "include":
        return "include"
    return relative[1] if len(relative) > 2 else "main"


ROOMS = "src/provision"
MAY_INCLUDE_LINE = re.compile(r"^May include: ([a-z_, ]+)\.$", re.M)


def rooms(tree):
    """{room: those it may include}, as the README.md of each says; None where it does not say."""
    folders = [path for path in (tree.root / ROOMS).glob("*") if path.is_dir()]
    says = {}
    for folder in folders:
        readme = folder / "README.md"
        match = MAY_INCLUDE_LINE.search(readme.read_text()) if readme.exists() else None
        says[folder.name] = {folder.name, *match.group(1).split(", ")} if match else None
    return says


def room_includes(tree):
    """The rooms of src/provision form no cycle, since each names those that it may include."""
    says = rooms(tree)
    for room, may in says.items():
        if may is None:
            yield tree.root / ROOMS / room / "README.md", 1, 'has no line "May include: <rooms>."'
    for path in tree.files([ROOMS], {".h", ".cc"}):
        room = path.parent.name
        may = says.get(room)
        if may is None or tree.is_allowed("includes", path):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            parts = match.group(2).split("/") if match else []
            if parts[:1] != ["provision"]:
                continue
            target = parts[1] if len(parts) > 2 else "provision"
            if target not in may:
                yield path, number, f"{room} must not include {match.group(2)}; see its README.md"


def includes(tree):
    private = private_headers(tree)
    yield from room_includes(tree)
    for path in tree.files(["src", "include"], {".h", ".cc"}):
        part = part_of(tree, path)
        if part != "include" and part not in MAY_INCLUDE:
            yield path, 1, f"src/{part} is not in the table of tests/lint/lint.py"
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            header = match.group(2)
            fault = check_include(part, *match.groups())
            if not fault and header in private and header.split("/")[0] != part:
                fault = f"{header} brings other libraries' headers along"
            if fault:
                yield path, number, fault


UNITY = re.compile(r"unity_\d+_cxx\.cxx$")


def compile_entries(tree):
    """What the build compiles, each file alone: also those that are compiled together."""
    commands = tree.build / "compile_commands.json"
    if not commands.exists():
        sys.exit(f"{commands} is missing; configure with CMAKE_EXPORT_COMPILE_COMMANDS=ON")
    for entry in json.loads(commands.read_text()):
        if not UNITY.search(entry["file"]):
            yield entry
            continue
        together = (pathlib.Path(entry["directory"]) / entry["file"]).read_text()
        for file in re.findall(r'^#include "(.*)"', together, re.M):
            yield {**entry, "file": file, "command": entry["command"].replace(entry["file"], file)}


def compile_commands(tree):
    """Absolute path of each compiled file -> its command."""
    return {(pathlib.Path(entry["directory"]) / entry["file"]).resolve(): entry.get("command", "")
            for entry in compile_entries(tree)}


def test_targets(tree):
    """Every *_test.cc is compiled into some target, as the build itself says."""
    compiled = compile_commands(tree)
    for path in tree.files(["tests"], {".cc"}):
        if path.name.endswith("_test.cc") and path.resolve() not in compiled:
            yield path, 1, "is in no target, so it never runs"


def run(command, folder=None):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, cwd=folder)
    return done.returncode, done.stdout


def needs(program):
    if shutil.which(program) is None:
        sys.exit(f"{program} is missing; scripts/setup installs it")
    return program


ANALYSED = re.compile(r"absl/synchronization/mutex\.h|ABSL_GUARDED_BY")
KEPT_FLAG = re.compile(r"-isystem\s+\S+|-[IDU]\S+|-std=\S+")


def thread_safety(tree):
    """What ships is built by gcc; clang alone knows which lock guards what."""
    clang = needs("clang++-14")
    jobs = []
    for path, command in sorted(compile_commands(tree).items()):
        if tree.root / "src" not in path.parents or not path.exists():
            continue
        own = [file.read_text() for file in (path, path.with_suffix(".h")) if file.exists()]
        if any(ANALYSED.search(text) for text in own):
            flags = " ".join(KEPT_FLAG.findall(command)).split()
            jobs.append((path, [clang, "-std=gnu++17", *flags, "-fsyntax-only", "-Wthread-safety", "-Werror", str(path)]))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for (path, _), (code, text) in zip(jobs, pool.map(lambda job: run(job[1]), jobs)):
            if code:
                error = next((line for line in text.splitlines() if "error:" in line), text)
                yield path, 1, error.split("error:")[-1].strip()


PRECOMPILED = re.compile(r"-Winvalid-pch -include \S+")
DIAGNOSTIC = re.compile(r"^(\S+):(\d+):\d+: (?:error|warning): (.*)$", re.MULTILINE)


def clang_tidy(tree):
    """The core alone, since clang-tidy parses every header again for each file: five minutes on two
    cores.
    Without precompiled headers, so that each file includes what it needs. After a build, since
    generated headers have to be there."""
    tidy = needs("run-clang-tidy-14")
    folder = tree.build / "lint"
    folder.mkdir(exist_ok=True)
    entries = list(compile_entries(tree))
    for entry in entries:
        entry["command"] = PRECOMPILED.sub("", entry["command"])
    (folder / "compile_commands.json").write_text(json.dumps(entries))
    code, text = run([tidy, "-quiet", "-j", "2", "-extra-arg-before=-std=gnu++17", "-p", str(folder),
                      f"^{tree.root.resolve()}/src/(base|topo|provision)/"])
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)  # run-clang-tidy asks for colours
    found = set(DIAGNOSTIC.findall(text))
    for path, line, what in sorted(found):
        yield pathlib.Path(path), int(line), what
    if code and not found:
        yield folder, 1, text[-2000:]


def clang_format(tree):
    files = [str(path) for path in tree.files(["src", "include", "tests"], {".h", ".cc"})]
    if not files:
        return
    style = f"--style=file:{tree.root}/.clang-format"
    code, output = run([needs("clang-format-14"), style, "--dry-run", "-Werror", *files])
    if code:
        for name in sorted(set(re.findall(r"^(\S+?):\d+:\d+: error", output, re.M))):
            yield pathlib.Path(name), 1, "is not as clang-format-14 -i would write it"
        if "error" not in output:
            sys.exit(output)


def shellcheck(tree):
    for path in tree.scripts():
        code, output = run([needs("shellcheck"), "-x", "--format=gcc", str(path)], tree.root)
        if code:
            for line in output.splitlines():
                name, number, _, text = line.split(":", 3)
                yield tree.root / name, int(number), text.strip()


def sleeps(tree):
    for path in tree.files(["src", "include", "tests"], {".h", ".cc"}):
        for number, line in enumerate(code_only(path.read_text()).splitlines(), 1):
            if SLEEP_CALL.search(line) and not tree.is_allowed("sleeps", path):
                yield path, number, "waits on time instead of on a condition with a deadline"
    for path in tree.scripts():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if SLEEP_COMMAND.search(line.split(" #")[0]) and not line.lstrip().startswith("#") \
                    and not tree.is_allowed("sleeps", path):
                yield path, number, "waits on time instead of on a condition"


def wall_clock(tree):
    """graft waits through Cancellation, on the monotonic clock."""
    for path in tree.files(["src", "include"], {".h", ".cc"}):
        # gRPC turns a deadline into one on its monotonic clock as soon as it is given.
        grpc = part_of(tree, path) in ("rpc", "cli")
        for number, line in enumerate(code_only(path.read_text()).splitlines(), 1):
            match = WALL_CLOCK.search(line)
            if match and not (grpc and match.group() == "system_clock") \
                    and not tree.is_allowed("wall_clock", path):
                yield path, number, f"{match.group().rstrip('(')} is on the wall clock, which may be set back"


def sizes(tree):
    for path in tree.files(["src", "include"], {".h", ".cc"}):
        longest = LONGEST_HEADER if path.suffix == ".h" else LONGEST_SOURCE
        lines = len(path.read_text().splitlines())
        if lines > longest and not tree.is_allowed("sizes", path):
            yield path, lines, f"has {lines} lines; {longest} are enough for one thing"


# docs/failures.md, which an operator reads at night, and docs/reference/reasons.md, the index of
# the reasons, against the words and texts of the code.

FAILURES = "docs/failures.md"
INDEX = "docs/reference/reasons.md"
TABLE = "src/base/reasons.cc"
SECTION = re.compile(r'^constexpr absl::string_view (k\w+) = "([^"]+)";', re.M)
ROW = re.compile(r'\{Reason::(k\w+),\s*"([A-Z0-9_]+(?:<number>)?)",\s*Code::k\w+,\s*k\w+,\s*k\w+,\s*'
                 r'(k\w+),((?:\s*"(?:\\.|[^"\\])*")+)\}')
CHECK = re.compile(r"GRAFT_CHECK\((k\w+),\s*k(?:Recipient|Donor|Source),")
LITERAL = re.compile(r'"((?:\\.|[^"\\\n])*)"')

CHECKS_HEADING = "## Preflight"
INDEX_ROW = re.compile(r"\| `([A-Z0-9_]+(?:<number>)?)` \| (.*) \|(.*) \|$")
INDEX_HEADING = "Index of reasons"  # the section of reasons of which the index says it all
LEAST_QUOTED = 4  # characters; less than that is found anywhere


def table_of(text):
    """{enumerator: (word, heading, meaning, line)} of the table of reasons, in its order."""
    sections = dict(SECTION.findall(text))
    rows = {}
    for match in ROW.finditer(text):
        reason, word, section, meaning = match.groups()
        meaning = "".join(LITERAL.findall(meaning)).replace('\\"', '"')
        rows[reason] = (word, sections.get(section, section), meaning,
                        text.count("\n", 0, match.start()) + 1)
    return rows


def entries(lines, heading, pattern):
    """[(line number, match)] of a section's entries."""
    found, inside = [], False
    for number, line in enumerate(lines, 1):
        if line.startswith("## "):
            inside = line == heading
        match = pattern.match(line) if inside else None
        if match:
            found.append((number, match))
    return found


def twice(found):
    seen = set()
    for number, match in found:
        if match.group(1) in seen:
            yield number, match.group(1)
        seen.add(match.group(1))


def texts_of(sources):
    """All string literals, those that stand side by side as one."""
    side_by_side = re.compile(r'"(?:\\.|[^"\\\n])*"(?:\s*"(?:\\.|[^"\\\n])*")*')
    texts = []
    for text in sources:
        for match in side_by_side.finditer(text):
            texts.append("".join(LITERAL.findall(match.group())).replace('\\"', '"'))
    return "\n".join(texts)


def quoted(lines):
    """(line number, text) of what stands in double quotes outside of code; … parts it."""
    prose, in_code = [], False
    for line in lines:
        fence = line.lstrip().startswith("```")
        in_code = in_code != fence
        prose.append("" if in_code or fence else line)
    text = re.sub(r"`[^`]*`", blanked, "\n".join(prose))
    for match in re.finditer(r'"([^"]*)"', text):
        number = text.count("\n", 0, match.start()) + 1
        for part in re.sub(r"\s+", " ", match.group(1)).split("…"):
            if len(part.strip()) >= LEAST_QUOTED:
                yield number, part.strip()


def anchor(heading):
    """As GitHub makes it of a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def see(heading):
    """The index's last column for a reason that this section of failures.md deals with."""
    return "" if heading == INDEX_HEADING else f"[{heading}]"


def target(heading):
    """The line of the index that makes a link of see()."""
    return f"[{heading}]: ../failures.md#{anchor(heading)}"


def index_faults(tree, lines, rows):
    """The index has the table's words, with meaning and section, in their order, and no others."""
    doc, table = tree.root / INDEX, tree.root / TABLE
    index_lines = doc.read_text().splitlines()
    index = [(number, match) for number, line in enumerate(index_lines, 1)
             for match in [INDEX_ROW.match(line)] if match]
    for heading in {row[1] for row in rows.values()} - {INDEX_HEADING}:
        if target(heading) not in index_lines:
            yield doc, 1, f'lacks the line "{target(heading)}"'
    listed = {match.group(1): (number, match) for number, match in index}
    for word, heading, meaning, line in rows.values():
        if f"## {heading}" not in lines:
            yield table, line, f"{word}: {FAILURES} has no section {heading}"
        if word not in listed:
            yield table, line, f"{word} is not in the index, {INDEX}"
            continue
        number, match = listed[word]
        if match.group(2) != meaning:
            yield doc, number, f'{word} means "{meaning}" in {TABLE}'
        if match.group(3).strip() != see(heading):
            yield doc, number, f'{word} is dealt with in "{see(heading)}", says {TABLE}'
    words = [row[0] for row in rows.values()]
    for number, match in index:
        if match.group(1) not in words:
            yield doc, number, f"{match.group(1)} is in the index, but {TABLE} does not know it"
    for number, word in twice(index):
        yield doc, number, f"{word} stands there twice"
    if sorted(match.group(1) for _, match in index) != sorted(words):
        return
    for (number, match), word in zip(index, words):
        if match.group(1) != word:
            yield doc, number, f"{match.group(1)} stands where {word} does in {TABLE}"
            return


def check_faults(tree, doc, lines, rows, sources):
    """The list of checks has each check of preflight, and no others."""
    listed = entries(lines, CHECKS_HEADING, re.compile(r"- \*\*`([A-Z_]+)`\*\*"))
    in_doc = {match.group(1): number for number, match in listed}
    checks = set()
    for path, text in sources.items():
        for match in CHECK.finditer(text):
            word = rows[match.group(1)][0] if match.group(1) in rows else match.group(1)
            checks.add(word)
            if word not in in_doc:
                number = text.count("\n", 0, match.start()) + 1
                yield path, number, f"{word} is not in the list of checks of {tree.name(doc)}"
    for word, number in in_doc.items():
        if word not in checks:
            yield doc, number, f"{word} is in the list of checks, but the code does not know it"
    for number, word in twice(listed):
        yield doc, number, f"{word} stands there twice"


def literal_faults(tree, rows, sources):
    """A reason is an enumerator; its word stands in the table alone."""
    words = {row[0] for row in rows.values()}
    stems = {word[:-len("<number>")] for word in words if word.endswith("<number>")}
    for path, text in sources.items():
        if tree.name(path) == TABLE:
            continue
        for match in LITERAL.finditer(text):
            if match.group(1) in words | stems and not tree.is_allowed("failures", path):
                yield path, text.count("\n", 0, match.start()) + 1, \
                    f"{match.group(1)} is a reason's word; say Reason::k…"


def failures(tree):
    doc, table = tree.root / FAILURES, tree.root / TABLE
    for path in (doc, tree.root / INDEX, table):
        if not path.exists():
            yield path, 1, "is missing"
            return
    lines = doc.read_text().splitlines()
    rows = table_of(table.read_text())
    sources = {path: without_comments(path.read_text())
               for path in tree.files(["src", "include"], {".h", ".cc", ".inc"})}
    yield from index_faults(tree, lines, rows)
    yield from check_faults(tree, doc, lines, rows, sources)
    yield from literal_faults(tree, rows, sources)
    texts = texts_of(sources.values())
    for number, text in quoted(lines):
        if text not in texts:
            yield doc, number, f'"{text}" is no text of the code'


# docs/concepts.md: its diagrams against the plans of the code.

CONCEPTS = "docs/concepts.md"
PLANS = "src/base/plan.cc"
STATES = "include/graft/operation.h"
PLAN = re.compile(r"new Plan\{(.*?)\n  \};", re.S)
PLAN_ROW = re.compile(r"\{Step::k(\w+),\s*Zone::.*DataState::k(\w+)\},")
DATA_STATE = re.compile(r"enum class DataState \{(.*?)\};", re.S)
DIAGRAM = re.compile(r"^```mermaid\n(\w+)[^\n]*\n(.*?)^```", re.M | re.S)
BOX = re.compile(r"\s*state ([A-Z]+) \{$")
NAMED = re.compile(r"[a-z][a-z_]*")  # "clone" of "clone__drop_data", a part of that step


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def plans_of(text):
    """[{step: worst data state}] of each plan, in the order of its steps."""
    return [{snake(step): state.upper() for step, state in PLAN_ROW.findall(plan)}
            for plan in PLAN.findall(text)]


def boxes_of(diagram):
    """{box: the steps in it, whole or in part} of a state diagram; None is outside of all boxes."""
    boxes, box = {None: set()}, None
    for line in diagram.splitlines():
        opened = BOX.match(line)
        if opened:
            box = opened.group(1)
            boxes.setdefault(box, set())
            continue
        if line.strip() == "}":
            box = None
            continue
        alias = re.match(r'\s*state "[^"]*" as (\w+)$', line)
        if line.strip().startswith("direction"):
            continue
        ids = [alias.group(1)] if alias else re.split(r"\s*-->\s*", line.split(":")[0].strip())
        boxes[box].update(one for one in ids if NAMED.match(one))
    return boxes


def notes_of(diagram):
    """The steps that a sequence diagram names, in order: "Note over graftd: fence"."""
    return re.findall(r"^\s*Note over [\w,]+: ([a-z_]+)$", diagram, re.M)


def diagrams(tree):
    """Each step of a rebuild stands in the box of its worst data state, and each plan is complete."""
    doc, source = tree.root / CONCEPTS, tree.root / PLANS
    text = doc.read_text()
    found = [(text.count("\n", 0, match.start()) + 1, *match.groups())
             for match in DIAGRAM.finditer(text)]
    kinds = [kind for _, kind, _ in found]
    if kinds != ["stateDiagram", "stateDiagram", "sequenceDiagram"]:
        yield doc, 1, f"must have two state diagrams and a sequence diagram, not {kinds}"
        return
    rebuild, release, *others = plans_of(source.read_text())
    for step in [step for plan in others for step in plan]:
        if f"`{step}`" not in text:
            yield doc, 1, f"does not speak of the step {step}, which begins a plan of its own"
    (states_at, _, states), (release_at, _, of_release), (sequence_at, _, sequence) = found
    boxes = boxes_of(states)
    names = DATA_STATE.search((tree.root / STATES).read_text()).group(1)
    data_states = {name.upper() for name in re.findall(r"^\s*k(\w+),", names, re.M)}
    if set(boxes) - {None} != data_states:
        yield doc, states_at, f"the boxes are {sorted(set(boxes) - {None})}, the data states {sorted(data_states)}"
    drawn = {step: box for box, steps in boxes.items() for step in steps if "__" not in step}
    parts = {step.split("__")[0] for steps in boxes.values() for step in steps}
    for step in sorted((set(rebuild) | parts) - (set(rebuild) & parts)):
        yield doc, states_at, f"{step} is in {'the diagram' if step in parts else PLANS} alone"
    for step in rebuild:
        if step in drawn and drawn[step] != rebuild[step]:
            yield doc, states_at, f"{step} is {rebuild[step]} at worst, and stands in {drawn[step]}"
    if boxes_of(of_release)[None] != set(release):
        yield doc, release_at, f"a release has the steps {', '.join(release)}"
    if notes_of(sequence) != list(rebuild):
        yield doc, sequence_at, f"names {notes_of(sequence)}; a rebuild's steps are {list(rebuild)}"


RULES = {
    "diagrams": diagrams,
    "includes": includes,
    "test_targets": test_targets,
    "thread_safety": thread_safety,
    "clang_tidy": clang_tidy,
    "clang_format": clang_format,
    "shellcheck": shellcheck,
    "sleeps": sleeps,
    "wall_clock": wall_clock,
    "sizes": sizes,
    "failures": failures,
}


def findings(tree, rule):
    found = [f"{tree.name(path)}:{line}: {text}" for path, line, text in RULES[rule](tree)]
    for (name, path), number in tree.allowed.items():
        if name == rule and (name, path) not in tree.used:
            found.append(f"tests/lint/allowed.txt:{number}: {path} needs no exception any more")
    return found


def main():
    here = pathlib.Path(__file__).resolve().parent.parent.parent
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=here)
    parser.add_argument("--build", help="for test_targets; build/release unless told")
    parser.add_argument("rules", nargs="+", choices=sorted(RULES))
    arguments = parser.parse_args()
    tree = Tree(arguments.root, arguments.build)
    found = [text for rule in arguments.rules for text in findings(tree, rule)]
    print("\n".join(found) if found else "clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
