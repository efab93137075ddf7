# SPDX-License-Identifier: MIT
"""Checks the rules of docs/style.md that a program can check.

Usage: check.py [--layout] [--counts FILE] [--contracts HEADER]

Looks at every file that git knows. Each rule is one function with an example that it must refuse;
the examples are tried first, so a rule that lost its teeth is itself a failure. --layout asks
clang-format instead, which no build needs; --contracts looks at a public header that is generated.
"""

import argparse
import os
import re
import subprocess
import sys

LAYERS = ["lib", "x86", "sys", "mm", "core", "pv", "hypercall", "boot"]
CODE = (".c", ".h", ".S", ".py", ".mk", ".tbl", ".sh", ".rng")
ARCHIVES = (".tar.xz",)
WIDTH = 100


def is_code(path):
    return path.endswith(CODE) or path.startswith(("scripts/", ".ci/")) or path == "Makefile"


def is_c(path):
    return path.endswith((".c", ".h", ".S"))


def spdx(path, text):
    if is_code(path) and "SPDX-License-Identifier: MIT" not in "".join(text.splitlines()[:3]):
        yield 1, "no SPDX line at the top"


def width(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if is_code(path) and len(line.expandtabs(8)) > WIDTH:
            if path.endswith((".mk", ".tbl", "Makefile")):
                continue
            yield number, f"longer than {WIDTH} columns"


def blanks(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if line != line.rstrip():
            yield number, "blank at the end of the line"
        if "\t" in line and is_code(path) and not path.endswith((".mk", "Makefile")):
            yield number, "tab"
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "no newline at the end"


def ascii_only(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if is_code(path) and not line.isascii():
            yield number, "not ASCII"


def guard(path, text):
    """A header starts with a guard that is named after it."""
    if not path.endswith(".h"):
        return
    match = re.search(r"^#ifndef (\w+)\n#define (\w+)\n", text, re.M)
    stem = re.sub(r"\W", "_", os.path.basename(path)).upper()
    if not match or match[1] != match[2] or not match[1].rstrip("_").endswith(stem):
        yield 1, f"no guard of the form ..._{stem}"


def words(path, text):
    """Work that is left undone belongs in an issue."""
    pattern = re.compile(r"\b(?:X{3}|TO" + r"DO|FIX" + r"ME|HA" + r"CK)\b")
    for number, line in enumerate(text.splitlines(), 1):
        if is_code(path) and pattern.search(line):
            yield number, "unfinished-work marker"


def sleeps(path, text):
    """A test waits for an event with a bound; it does not sleep and hope."""
    for number, line in enumerate(text.splitlines(), 1):
        if path.startswith("tests/") and re.search(r"\btime\.sleep" + r"\(|\busleep" + r"\(", line):
            yield number, "a test that sleeps"


def layers(path, text):
    """A layer includes itself, the layers to its left, the public headers and generated ones."""
    match = re.match(r"hypervisor/(\w+)/", path)
    if not match or match[1] not in LAYERS:
        return
    allowed = LAYERS[: LAYERS.index(match[1]) + 1] + ["public"]
    for number, line in enumerate(text.splitlines(), 1):
        include = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
        if not include:
            continue
        folder, _, _ = include[2].rpartition("/")
        if include[1] == "<":
            if not re.fullmatch(r"std(arg|bool|def|int|align|noreturn)\.h|limits\.h", include[2]):
                yield number, f"<{include[2]}> is no header of a freestanding program"
        elif folder:
            if folder.split("/")[0] not in allowed:
                yield number, f"{match[1]}/ must not include {folder}/"
        elif not include[2].startswith(("hypercall", "asm_offsets", "config", "trace_names")):
            yield number, f"spell the folder of {include[2]}"


PUBLIC = ("libhypercall/include/", "include/public/")
FUNCTION = re.compile(r"^(?!typedef\b|extern\b|return\b)([a-z][\w *]*?)\b(\w+)"
                      r"\(((?:[^()]|\([^()]*\))*)\)", re.M)
ERROR = re.compile(r"-(?:XEN_)?E[A-Z0-9]+: |\ban error of |\bcannot fail\b")


def opening(text):
    """The comment between a header's licence and its guard, as one line."""
    return " ".join(re.sub(r"[/*]", " ", text[:text.find("#ifndef")]).split())


def parameters(words):
    """Names of a declaration's parameters; a pointer to a function is named in the middle."""
    for word in re.split(r",(?![^(]*\))", words):
        name = re.search(r"\(\*(\w+)\)|(\w+)(?:\[\w*\])?$", word.strip())
        if name and name[0] != "void":
            yield name[1] or name[2]


def contract_gaps(result, words, comment, common):
    """What the comment of one function leaves out."""
    if not comment:
        yield "a public function without its contract"
        return
    for name in parameters(words):
        if not re.search(rf"\b{name}\b", comment + " " + common):
            yield f"a contract that does not name {name}"
    if not result.endswith("void"):
        said = comment.partition("Returns")[2]
        if not said:
            yield "a contract without 'Returns'"
        elif re.search(r"(?<!unsigned )\b(?:int|long)$", result) and not ERROR.search(said):
            yield "a contract whose 'Returns' names neither '-E...: reason' nor 'an error of'"


def contracts(path, text):
    """
    The header of a public function says where it comes from ("Source:"). The comment right above
    the function, or the header's first one, names each argument; the former says what it returns
    and, of a number, the errors with their reasons.
    """
    if not path.startswith(PUBLIC) or not path.endswith(".h"):
        return
    common = opening(text)
    functions = list(FUNCTION.finditer(text))
    if functions and "Source: " not in common:
        yield 1, "public functions without their source"
    for function in functions:
        above = re.search(r"/\*((?:(?!\*/).)*)\*/\n\Z", text[:function.start()], re.S)
        comment = " ".join(above[1].replace("*", " ").split()) if above else ""
        result = re.sub(r"\bstatic |\binline ", "", function[1]).strip()
        for gap in contract_gaps(result, function[3], comment, common):
            yield text.count("\n", 0, function.start()) + 1, f"{function[2]}: {gap}"


# A path, and texts that the rule must refuse there.
RULES = {
    spdx: ("a.c", "int x;\n"),
    width: ("a.c", "x" * (WIDTH + 1) + "\n"),
    blanks: ("a.c", "int x;\t\n"),
    ascii_only: ("a.c", "/* \u00b5s */\n"),
    guard: ("a/b.h", "#ifndef C_H\n#define C_H\n#endif\n"),
    words: ("a.c", "/* TO" + "DO */\n"),
    sleeps: ("tests/a.py", "time.sleep" + "(1)\n"),
    contracts: ("libhypercall/include/lamina/a.h", "/* A. */\nvoid a(void);\n",
                "/* Source: A. */\nvoid a(void);\nvoid b(void);\n",
                "/* Source: A. */\n#ifndef A\n/* By x. */\nvoid a(int x,\n  int (*y)(int));\n",
                "/* Source: A. */\n#ifndef A\n/* One. */\nstatic inline struct s *a(void);\n",
                "/* Source: A. */\n#ifndef A\n/* One. Returns 0. */\nlong a(void);\n"),
    layers: ("hypervisor/mm/a.c", '#include "core/domain.h"\n'),
}


def blunt_rules():
    """Names the rules that let their own bad example pass."""
    return [rule.__name__ for rule, (path, *samples) in RULES.items()
            for sample in samples if not list(rule(path, sample))]


def files():
    command = ["git", "ls-files", "-co", "--exclude-standard"]
    listing = subprocess.run(command, capture_output=True, text=True, check=True)
    return [name for name in listing.stdout.splitlines() if os.path.isfile(name)]


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    return None if b"\0" in data else data.decode("utf-8", "replace")


def check_rules():
    """Returns (checked, complaints)."""
    complaints = [f"tests/style/check.py: rule {name} does not work" for name in blunt_rules()]
    checked = 0
    for path in files():
        text = read(path)
        checked += 1
        if text is None:
            if not path.endswith(ARCHIVES):
                complaints.append(f"{path}:1: no text: is it built?")
            continue
        for rule in RULES:
            complaints += [f"{path}:{line}: {what}" for line, what in rule(path, text)]
    return checked, complaints


def check_generated(path):
    found = contracts(PUBLIC[0] + path, read(path))
    return 1, [f"{path}:{line}: {what}" for line, what in found]


def check_layout():
    sources = [path for path in files() if path.endswith((".c", ".h"))]
    result = subprocess.run(["clang-format", "--dry-run", *sources], capture_output=True, text=True)
    return len(sources), [line for line in result.stderr.splitlines() if "warning:" in line]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--layout", action="store_true")
    parser.add_argument("--counts", metavar="FILE")
    parser.add_argument("--contracts", metavar="HEADER")
    options = parser.parse_args()
    if options.contracts:
        checked, complaints = check_generated(options.contracts)
    else:
        checked, complaints = check_layout() if options.layout else check_rules()
    for line in complaints:
        print(line)
    bad = len({line.split(":")[0] for line in complaints})
    if options.counts:
        os.makedirs(os.path.dirname(options.counts), exist_ok=True)
        with open(options.counts, "w", encoding="ascii") as file:
            file.write(f"{checked - bad} {bad} 0\n")
    print(f"style: {checked} files, {len(complaints)} complaint(s)")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
