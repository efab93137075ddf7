# SPDX-License-Identifier: MIT
"""Runs the lamina command as a shell would: exit codes, and what goes to which stream.

Usage: command.py LAMINA COUNTS
"""

import re
import subprocess
import sys

SAMPLES = "tests/unit/config/samples/"
BAD = "<domain type='kvm'/>"

# Name, arguments, standard input, exit code, patterns of standard output and standard error.
CASES = [
    ("no command", [], "", 2, "", "lamina: expected a command; .*\n"),
    ("unknown command", ["fly"], "", 2, "", "lamina: no command 'fly'; .*\n"),
    ("version", ["version"], "", 0, r"lamina \(Lamina\) \d+\.\d+\n", ""),
    ("version as an option", ["--version"], "", 0, r"lamina \(Lamina\) .*\n", ""),
    ("version takes nothing", ["version", "x"], "", 2, "", "lamina version: .*'x'.*\n"),
    ("help", ["help"], "", 0, r"Usage: lamina COMMAND(.|\n)*validate(.|\n)*", ""),
    ("help of a command", ["help", "validate"], "", 0,
     r"Usage: lamina validate(.|\n)*--strict(.|\n)*", ""),
    ("help as an option", ["validate", "-h"], "", 0, r"Usage: lamina validate(.|\n)*", ""),
    ("help of nothing", ["help", "fly"], "", 2, "", "lamina help: no command 'fly'; .*\n"),
    ("names", ["help", "--list"], "", 0, "validate\nversion\nhelp\n", ""),
    ("option names", ["help", "--list", "validate"], "", 0, "(--[a-z]+\n)+", ""),
    ("unknown option", ["validate", "--fly"], "", 2, "", "lamina validate: option --fly .*\n"),
    ("unknown letter", ["validate", "-x", "f"], "", 2, "", "lamina validate: option -x .*\n"),
    ("no file", ["validate"], "", 2, "", "lamina validate: expected a file; .*\n"),
    ("good file", ["validate", SAMPLES + "dump.xml"], "", 0,
     r".*dump.xml: good \(0 warnings\)\n", ""),
    ("warnings", ["validate", SAMPLES + "installer.xml"], "", 0,
     r".*: good \(4 warnings\)\n", r"(.*:\d+: warning: .*\n){4}"),
    ("quiet", ["validate", "-q", SAMPLES + "installer.xml"], "", 0, "", ""),
    ("strict", ["validate", "--strict", SAMPLES + "installer.xml"], "", 4,
     "", r"(.*:\d+: error: .*\n){4}"),
    ("bad input", ["validate", "-"], BAD, 4, "", "standard input:1: error: domain: .*'kvm'.*\n"),
    ("absent", ["validate", "/nonexistent"], "", 3,
     "", "/nonexistent: No such file or directory\n"),
    ("too big", ["validate", "/dev/zero"], "", 3, "", "/dev/zero: too big for a domain file\n"),
    ("the worst counts", ["validate", "-q", "-", "/nonexistent", SAMPLES + "dump.xml"], BAD, 4,
     "", ".*\n/nonexistent: .*\n"),
    ("normal form", ["validate", "--print", SAMPLES + "minimal.xml"], "", 0,
     r"<domain type='xen'>\n(.|\n)*</domain>\n", ""),
    ("a name is no terminal sequence", ["validate", "-"], "<\x1b>", 4, "", "[^\x1b]*\n"),
]


def run(lamina, arguments, text):
    command = [lamina, *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)


def complaint(lamina, arguments, text, code, out, err):
    result = run(lamina, arguments, text)
    if result.returncode != code:
        return f"exit code {result.returncode}, expected {code}"
    for stream, pattern, found in (("output", out, result.stdout), ("error", err, result.stderr)):
        if not re.fullmatch(pattern, found):
            return f"standard {stream} is {found!r}, expected {pattern!r}"
    return None


def full_disk(lamina):
    """What cannot be written is no success."""
    with open("/dev/full", "w", encoding="ascii") as full:
        result = subprocess.run(
            [lamina, "help"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    good = result.returncode == 3 and "No space" in result.stderr
    return None if good else "no error on a full disk"


def print_again(lamina):
    """The normal form of the normal form is itself."""
    first = run(lamina, ["validate", "-qp", SAMPLES + "full.xml"], "").stdout
    second = run(lamina, ["validate", "-qp", "-"], first).stdout
    return None if first and first == second else "the normal form is not stable"


def main():
    lamina, counts = sys.argv[1:]
    results = {name: complaint(lamina, *case) for name, *case in CASES}
    results["full disk"] = full_disk(lamina)
    results["normal form twice"] = print_again(lamina)
    for name, what in results.items():
        if what:
            print(f"lamina: {name}: {what}")
    bad = sum(1 for what in results.values() if what)
    with open(counts, "w", encoding="ascii") as file:
        file.write(f"{len(results) - bad} {bad} 0\n")
    print(f"lamina: {len(results)} cases, {bad} bad")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
