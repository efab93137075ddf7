# SPDX-License-Identifier: MIT
"""Which micro-guest calls which hypercall row, by its wrapper's or its number's name.

Usage: rows.py [--check]

Prints a line for each row of include/public/hypercalls.tbl. With --check only the rows that no
guest of its own names; that every row answers at all is shown by tests/guest/every_op.
"""

import collections
import glob
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
# What every guest uses before its first check, and a number that is used by name only.
BY_ALL = {"iret": "all guests", "set_trap_table": "all guests"}
NUMBER = "__HYPERVISOR_"


def rows():
    """(class, row, names by which sources call it)."""
    cls = prefix = constant = None
    with open(f"{ROOT}/include/public/hypercalls.tbl", encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if words[:1] == ["class"]:
                cls, prefix, constant = words[2:5]
            elif words[:1] == ["op"]:
                name = words[2]
                names = [f"hypercall_{name}" if prefix == "-" else f"hypercall_{prefix}_{name}"]
                names.append(NUMBER + cls if constant == "-" else f"{constant}{name}")
                yield cls, name, names


def guests():
    for path in sorted(glob.glob(f"{ROOT}/tests/guest/*/main.c")):
        name = os.path.basename(os.path.dirname(path))
        if name not in ("every_op", "fuzz", "launch", "victim"):
            with open(path, encoding="utf-8") as file:
                yield name, set(re.findall(r"\w+", file.read()))


def main(arguments):
    uses = collections.defaultdict(list)
    for guest, words in guests():
        for word in words:
            uses[word].append(guest)
    bare = 0
    for cls, name, names in rows():
        found = sorted({guest for word in names for guest in uses[word]})
        by = BY_ALL.get(name) or ", ".join(found)
        bare += not by
        if not by or "--check" not in arguments:
            print(f"{cls:24} {name:28} {by or '-'}")
    if bare and "--check" in arguments:
        sys.exit(f"rows.py: {bare} rows that no micro-guest calls")


if __name__ == "__main__":
    main(sys.argv[1:])
