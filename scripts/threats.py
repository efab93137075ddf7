# SPDX-License-Identifier: MIT
"""The scoreboard of advisories: which test shows that which family of attacks fails.

Usage: threats.py [--write | --check]

Prints the table made from tests/threats.tbl; --write puts it into docs/security.md, --check fails
when it is not there as it should be. A test that does not exist is an error in each case.
"""

import collections
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
TABLE = "tests/threats.tbl"
PAGE = "docs/security.md"
BEGIN, END = "<!-- threats: begin -->\n", "<!-- threats: end -->\n"
STATES = ("closed", "absent", "partly", "open")

Row = collections.namedtuple("Row", "line advisories family state tests remark")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def rows():
    for number, line in enumerate(read(TABLE).splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            fields = [field.strip() for field in line.split("|")]
            if len(fields) != 5 or fields[2] not in STATES:
                sys.exit(f"{TABLE}:{number}: not ADVISORIES | FAMILY | STATE | TESTS | REMARK")
            yield Row(number, fields[0].split(), fields[1], fields[2], fields[3].split(), fields[4])


def exists(test):
    kind, _, name = test.partition(":")
    if kind == "guest":
        return os.path.exists(os.path.join(ROOT, f"tests/guest/{name}/main.c"))
    if kind == "unit":
        return os.path.exists(os.path.join(ROOT, f"tests/unit/{name}.c"))
    if kind == "system" and os.path.exists(os.path.join(ROOT, f"tests/system/dom0/{name}.sh")):
        return True
    if kind == "system":
        folder = os.path.join(ROOT, "tests/system")
        text = "".join(read(f"tests/system/{f}") for f in os.listdir(folder) if f.endswith(".py"))
        return re.search(rf'\bcase\("{re.escape(name)}"', text) is not None
    return kind == "make" and any(f"check-{name}" in read(path) for path in makefiles())


def makefiles():
    for folder, folders, names in os.walk(os.path.join(ROOT, "tests")):
        folders.sort()
        for name in names:
            if name == "rules.mk":
                yield os.path.relpath(os.path.join(folder, name), ROOT)
    yield "dom0-tools/rules.mk"


def shown(test):
    kind, _, name = test.partition(":")
    return f"`check-{name}`" if kind == "make" else f"{kind} `{name}`"


def table(all_rows):
    counts = collections.Counter(row.state for row in all_rows)
    lines = [", ".join(f"{counts[state]} {state}" for state in STATES) + f" of {len(all_rows)}.",
             "", "| family (XSA) | state | tests | remark |", "| --- | --- | --- | --- |"]
    for row in all_rows:
        tests = ", ".join(map(shown, row.tests)) or "-"
        lines.append(f"| {row.family} ({', '.join(row.advisories)}) | {row.state} | {tests} | "
                     f"{row.remark} |")
    return "\n".join(lines) + "\n"


def main(arguments):
    all_rows = list(rows())
    missing = [f"{TABLE}:{row.line}: there is no test {test}"
               for row in all_rows for test in row.tests if not exists(test)]
    missing += [f"{TABLE}:{row.line}: {row.state} without a test" for row in all_rows
                if row.state in ("closed", "partly") and not row.tests]
    if missing:
        sys.exit("\n".join(missing))
    text = table(all_rows)
    page = read(PAGE)
    begin, end = page.find(BEGIN), page.find(END)
    if begin < 0 or end < begin:
        sys.exit(f"{PAGE}: no place for the table ({BEGIN.strip()} ... {END.strip()})")
    wanted = page[:begin] + BEGIN + text + page[end:]
    if "--write" in arguments:
        with open(os.path.join(ROOT, PAGE), "w", encoding="utf-8") as file:
            file.write(wanted)
    elif "--check" in arguments and wanted != page:
        sys.exit(f"{PAGE} is not what {TABLE} says; run scripts/threats.py --write")
    else:
        print(text, end="")


if __name__ == "__main__":
    main(sys.argv[1:])
