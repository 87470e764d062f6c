#!/usr/bin/env python3
"""Checks of the sources that no compiler makes.

    lint.py [--root <checkout>] [--build <build folder>] <rule>...

Each rule prints its findings as path:line: text and makes the program fail. Exceptions stand in
tests/lint/allowed.txt, each with its reason; one that is no longer needed is a finding too.
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys

ALL = {"base", "command_line", "host", "topo", "provision", "wire", "journal", "log", "etcd", "filestore",
       "mysql", "mysqld", "rpc", "metrics", "http", "topo_open", "agent", "cli"}

# Who may include whom among the folders of src/; include/graft is open to all.
MAY_INCLUDE = {
    "base": {"base"},
    "command_line": {"base", "command_line"},
    "host": {"base", "host"},
    "topo": {"base", "topo"},
    "provision": {"base", "provision"},
    "wire": {"base", "wire"},
    "journal": {"base", "wire", "journal"},
    "log": {"base", "log"},
    "etcd": {"base", "etcd"},
    "filestore": {"base", "filestore"},
    "mysql": {"base", "mysql"},
    "mysqld": {"base", "mysqld"},
    "rpc": {"base", "wire", "provision", "rpc"},
    "metrics": {"base", "metrics"},
    "http": {"base", "wire", "provision", "http"},
    # Chooses a store by its options, for agent and cli alike.
    "topo_open": {"base", "topo", "etcd", "filestore", "topo_open"},
    "agent": ALL,
    "cli": ALL,
    "main": ALL,  # src/*.cc
}

# Other people's headers: pattern, who may include them, and whether the part's own headers that do
# are its own business: no other part may include those, or they would spread.
FOREIGN = [
    (r"grpc(pp|\+\+)?/|.*\.grpc\.pb\.h$", {"rpc", "etcd", "cli", "agent"}, True),
    (r"cppconn/|jdbc/|mysql_connection\.h|mysql_driver\.h|mysql/jdbc\.h", {"mysql"}, True),
    (r"spdlog/|fmt/", {"log"}, True),
    (r"prometheus/", {"metrics"}, True),
    (r"civetweb\.h$", {"http"}, True),
    (r"CLI/", {"cli", "command_line", "agent", "topo_open", "main"}, False),
    (r"vitess/.*\.pb\.h$", {"topo", "agent", "cli"}, False),
    (r"etcd/.*\.pb\.h$", {"etcd"}, True),
    (r"graft/v1/.*\.pb\.h$", {"wire", "journal", "rpc", "http", "agent", "cli"}, False),
    (r"google/protobuf/", {"wire", "journal", "rpc", "http", "agent", "cli", "topo", "etcd"}, False),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SLEEP_CALL = re.compile(r"\b(sleep|sleep_for|sleep_until|SleepFor|usleep|nanosleep)\s*\(")
SLEEP_COMMAND = re.compile(r"(^|[\s;&|(`])sleep\s")

LONGEST_SOURCE = 300
LONGEST_HEADER = 150


class Tree:
    """A checkout, and the folder it is built in."""

    def __init__(self, root, build=None):
        self.root = pathlib.Path(root)
        self.build = pathlib.Path(build or self.root / "build/dev")
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


def includes(tree):
    private = private_headers(tree)
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


def test_targets(tree):
    """Every *_test.cc is compiled into some target, as the build itself says."""
    commands = tree.build / "compile_commands.json"
    if not commands.exists():
        sys.exit(f"{commands} is missing; configure with CMAKE_EXPORT_COMPILE_COMMANDS=ON")
    compiled = {(pathlib.Path(entry["directory"]) / entry["file"]).resolve()
                for entry in json.loads(commands.read_text())}
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


def sizes(tree):
    for path in tree.files(["src", "include"], {".h", ".cc"}):
        longest = LONGEST_HEADER if path.suffix == ".h" else LONGEST_SOURCE
        lines = len(path.read_text().splitlines())
        if lines > longest and not tree.is_allowed("sizes", path):
            yield path, lines, f"has {lines} lines; {longest} are enough for one thing"


# docs/failures.md, which an operator reads at night, against the words and texts of the code.

REASON = re.compile(r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"')
NUMBERED_REASON = re.compile(r'StrCat\("((?:[A-Z]+_)+)",')  # with a MySQL error's number behind it
ONLY_REASON = re.compile(r'.*,\s*"([A-Z]+)"\s*\Z', re.S)
CHECK = re.compile(r'\{"([A-Z_]+)",\s*k(?:Recipient|Donor|Source),')
# MySQL's names of privileges and locks, variables of the environment, a parameter's name.
NO_REASON = re.compile(r"GRAFT_|OPT_|LC_|SHARED_|INTENTION_|\w+_ADMIN$|SYSTEM_USER$|OPERATION_ID$|NO_COLOR$")

CHECKS_HEADING = "## Preflight"
INDEX_HEADING = "## Index of reasons"
LEAST_QUOTED = 4  # characters; less than that is found anywhere


def calls(text, name):
    """(position, text between the brackets) of each call of the function."""
    code = code_only(text)
    for match in re.finditer(r"\b" + name + r"\(", code):
        depth, end = 1, match.end()
        while depth and end < len(code):
            depth += {"(": 1, ")": -1}.get(code[end], 0)
            end += 1
        yield match.start(), text[match.end():end - 1]


def reasons_in(text):
    """(word, position) of each reason that the code may give, and of some that it may not."""
    for match in REASON.finditer(text):
        yield match.group(1), match.start()
    for match in NUMBERED_REASON.finditer(text):
        yield match.group(1) + "<number>", match.start()
    for match in CHECK.finditer(text):
        yield match.group(1), match.start()
    for position, arguments in calls(text, "WithReason"):
        match = ONLY_REASON.match(arguments)
        if match:
            yield match.group(1), position


def entries(lines, heading, pattern):
    """{word: line number} of a section's entries, and the words that it has twice."""
    found, twice, inside = {}, [], False
    for number, line in enumerate(lines, 1):
        if line.startswith("## "):
            inside = line == heading
        match = pattern.match(line) if inside else None
        if match and match.group(1) in found:
            twice.append((match.group(1), number))
        elif match:
            found[match.group(1)] = number
    return found, twice


def texts_of(sources):
    """All string literals, those that stand side by side as one."""
    side_by_side = re.compile(r'"(?:\\.|[^"\\\n])*"(?:\s*"(?:\\.|[^"\\\n])*")*')
    texts = []
    for text in sources:
        for match in side_by_side.finditer(text):
            parts = re.findall(r'"((?:\\.|[^"\\\n])*)"', match.group())
            texts.append("".join(parts).replace('\\"', '"'))
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


def compare(tree, doc, what, in_code, in_doc):
    for word, (path, number) in sorted(in_code.items()):
        if word not in in_doc:
            yield path, number, f"{word} is not in {what} of {tree.name(doc)}"
    for word, number in in_doc.items():
        if word not in in_code:
            yield doc, number, f"{word} is in {what}, but the code does not know it"


def failures(tree):
    doc = tree.root / "docs/failures.md"
    if not doc.exists():
        yield doc, 1, "is missing"
        return
    lines = doc.read_text().splitlines()
    reasons, checks, sources = {}, {}, []
    for path in tree.files(["src", "include"], {".h", ".cc"}):
        text = without_comments(path.read_text())
        sources.append(text)
        for word, position in reasons_in(text):
            if not NO_REASON.match(word):
                reasons.setdefault(word, (path, text.count("\n", 0, position) + 1))
        for match in CHECK.finditer(text):
            checks[match.group(1)] = (path, text.count("\n", 0, match.start()) + 1)
    index, twice = entries(lines, INDEX_HEADING, re.compile(r"\| `([A-Z0-9_]+(?:<number>)?)` \|"))
    listed, again = entries(lines, CHECKS_HEADING, re.compile(r"- \*\*`([A-Z_]+)`\*\*"))
    yield from compare(tree, doc, "the index", reasons, index)
    yield from compare(tree, doc, "the list of checks", checks, listed)
    for word, number in twice + again:
        yield doc, number, f"{word} stands there twice"
    texts = texts_of(sources)
    for number, text in quoted(lines):
        if text not in texts:
            yield doc, number, f'"{text}" is no text of the code'


RULES = {
    "includes": includes,
    "test_targets": test_targets,
    "clang_format": clang_format,
    "shellcheck": shellcheck,
    "sleeps": sleeps,
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
    parser.add_argument("--build", help="for test_targets; build/dev unless told")
    parser.add_argument("rules", nargs="+", choices=sorted(RULES))
    arguments = parser.parse_args()
    tree = Tree(arguments.root, arguments.build)
    found = [text for rule in arguments.rules for text in findings(tree, rule)]
    print("\n".join(found) if found else "clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
