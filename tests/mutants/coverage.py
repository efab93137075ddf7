#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sums of a gcovr text report by layer, beside what is wanted of each.

    coverage.py REPORT
"""
import re
import sys

WANTED = {"mm": 95, "core/grants": 95, "core": 90}


def layer_of(name):
    layer = name.split("/")[1]
    grants = re.search(r"/(grant|maptrack)", name)
    return "core/grants" if layer == "core" and grants else layer


def main(argv):
    sums = {}
    with open(argv[1], encoding="utf-8") as f:
        for line in f:
            m = re.match(r"(hypervisor/\S+)\s+(\d+)\s+(\d+)\s+(\d+)%", line)
            if m:
                total = sums.setdefault(layer_of(m.group(1)), [0, 0])
                total[0] += int(m.group(2))
                total[1] += int(m.group(3))
    bad = 0
    for layer, (lines, reached) in sorted(sums.items()):
        percent, wanted = 100 * reached / max(lines, 1), WANTED.get(layer)
        note = "" if wanted is None else f" (wanted: {wanted})"
        bad += wanted is not None and percent < wanted
        print(f"coverage: {layer}: {reached} of {lines} lines, {percent:.1f} %{note}")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
