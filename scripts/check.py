# SPDX-License-Identifier: MIT
"""Runs groups of checks one after the other and ends with one line of counts.

Usage: check.py TARGET ...   (make targets; the environment gives MAKE and BUILD)

A group writes "passed failed skipped" to BUILD/check/NAME.counts, where check-NAME is its target.
One that writes nothing counts as a single check. A group that fails does not stop the others.
"""

import os
import shlex
import subprocess
import sys
import time

BUILD = os.environ.get("BUILD", "build")
MAKE = shlex.split(os.environ.get("MAKE", "make")) + ["--no-print-directory"]


def make(*args):
    return subprocess.call([*MAKE, *args], stdin=subprocess.DEVNULL) == 0


def counts_path(target):
    return os.path.join(BUILD, "check", target.removeprefix("check-") + ".counts")


def run_group(target):
    """Runs one group; returns its (passed, failed, skipped)."""
    path = counts_path(target)
    if os.path.exists(path):
        os.unlink(path)
    ok = make(target)
    if not os.path.exists(path):
        return (1, 0, 0) if ok else (0, 1, 0)
    with open(path, encoding="ascii") as file:
        passed, failed, skipped = map(int, file.read().split())
    return passed, failed if ok else max(failed, 1), skipped


def main(targets):
    start = time.monotonic()
    os.makedirs(os.path.join(BUILD, "check"), exist_ok=True)
    print("== build", flush=True)
    total = [0, 0, 0]
    failed_groups = []
    if not make(f"-j{os.cpu_count()}", "all"):
        print("check: the build failed; nothing was checked")
        return 1
    for target in targets:
        begin = time.monotonic()
        print(f"== {target}", flush=True)
        counts = run_group(target)
        total = [a + b for a, b in zip(total, counts)]
        if counts[1]:
            failed_groups.append(target)
        print("== {}: {} passed, {} failed, {} skipped, {:.0f} s".format(
            target, *counts, time.monotonic() - begin), flush=True)
    if failed_groups:
        print("failed: " + " ".join(failed_groups))
    print("all groups took {:.0f} s".format(time.monotonic() - start))
    print("check: {} passed, {} failed, {} skipped".format(*total))
    return 1 if failed_groups else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
