#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sums of a gcovr report (--csv) by layer, lines and branches, beside what is wanted of each.

    coverage.py REPORT.csv
"""
import csv
import re
import sys

# Of lines and of branches, in percent.
WANTED = {"mm": (95, 85), "core/grants": (95, 85), "core": (90, None)}


def layer_of(name):
    layer = name.split("/")[1]
    grants = re.search(r"/(grant|maptrack)", name)
    return "core/grants" if layer == "core" and grants else layer


def judge(what, reached, total, wanted):
    percent = 100 * reached / max(total, 1)
    note = "" if wanted is None else f" (wanted: {wanted})"
    return f"{percent:.1f} % of {total} {what}{note}", wanted is not None and percent < wanted


def main(argv):
    sums = {}
    with open(argv[1], encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            total = sums.setdefault(layer_of(row["filename"]), [0, 0, 0, 0])
            for i, column in enumerate(("line_total", "line_covered", "branch_total",
                                        "branch_covered")):
                total[i] += int(row[column])
    bad = not sums
    for layer, (lines, lines_reached, branches, branches_reached) in sorted(sums.items()):
        wanted = WANTED.get(layer, (None, None))
        of_lines, bad_lines = judge("lines", lines_reached, lines, wanted[0])
        of_branches, bad_branches = judge("branches", branches_reached, branches, wanted[1])
        bad |= bad_lines or bad_branches
        print(f"coverage: {layer}: {of_lines}, {of_branches}")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
