# SPDX-License-Identifier: MIT
"""Runs all tests of the lamina command.

Usage: run.py BUILD COUNTS
"""

import sys

import bench
import command
import completion
import libvirt
import listing
import manual
import units


def main():
    build, counts = sys.argv[1:]
    found = {}
    for module in (command, listing, completion, manual, libvirt, units):
        found |= {f"{module.__name__}: {name}": what
                  for name, what in module.results(build).items()}
    return bench.report("lamina", found, counts)


if __name__ == "__main__":
    sys.exit(main())
