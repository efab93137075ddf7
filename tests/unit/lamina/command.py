# SPDX-License-Identifier: MIT
"""Runs the lamina command as a shell would: exit codes, and what goes to which stream."""

import subprocess

import bench

SAMPLES = "tests/unit/config/samples/"
BAD = "<domain type='kvm'/>"

# Name, arguments, standard input, exit code, patterns of standard output and standard error.
CASES = [
    ("no command", [], "", 2, "", "lamina: expected a command; .*\n"),
    ("unknown command", ["fly"], "", 2, "", "lamina: no command 'fly'; .*\n"),
    ("version", ["version"], "", 0,
     r"lamina \(Lamina\) \d+\.\d+\n(hypervisor \(\w+ interface\) .*\n)?", ""),
    ("version as an option", ["--version"], "", 0, r"lamina \(Lamina\) (.|\n)*", ""),
    ("version takes nothing", ["version", "x"], "", 2, "", "lamina version: .*'x'.*\n"),
    ("help", ["help"], "", 0, r"Usage: lamina COMMAND(.|\n)*validate(.|\n)*", ""),
    ("help of a command", ["help", "validate"], "", 0,
     r"Usage: lamina validate(.|\n)*--strict(.|\n)*", ""),
    ("help as an option", ["validate", "-h"], "", 0, r"Usage: lamina validate(.|\n)*", ""),
    ("help of nothing", ["help", "fly"], "", 2, "", "lamina help: no command 'fly'; .*\n"),
    ("names", ["help", "--list"], "", 0,
     r"([a-z-]+\n)*list\n([a-z-]+\n)*validate\n([a-z-]+\n)*version\nhelp\n", ""),
    ("option names", ["help", "--list", "validate"], "", 0, "(--[a-z]+\n)+", ""),
    ("argument names", ["help", "--arguments", "dominfo"], "", 0, "DOMAIN\n", ""),
    ("no domain", ["dominfo"], "", 2, "", "lamina dominfo: expected one domain; .*\n"),
    ("no keys", ["debug-keys"], "", 2, "", "lamina debug-keys: expected keys.*\n"),
    ("no store verb", ["store", "fly"], "", 2, "", "lamina store: expected ls, read, .*\n"),
    ("too few words", ["store", "write", "/a"], "", 2, "",
     "lamina store: write: expected a path and a value; .*\n"),
    ("bad delay", ["top", "-d", "0"], "", 2, "", "lamina top: --delay: expected .*'0'; .*\n"),
    ("bad count", ["top", "-n", "0"], "", 2, "", "lamina top: --count: expected .*'0'; .*\n"),
    ("bad order", ["top", "-s", "age"], "", 2, "", "lamina top: --sort: expected .*'age'; .*\n"),
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


def full_disk(lamina):
    """What cannot be written is no success."""
    with open("/dev/full", "w", encoding="ascii") as full:
        result = subprocess.run(
            [lamina, "help"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    good = result.returncode == 3 and "No space" in result.stderr
    return None if good else "no error on a full disk"


def print_again(lamina):
    """The normal form of the normal form is itself."""
    first = bench.run(lamina, ["validate", "-qp", SAMPLES + "full.xml"]).stdout
    second = bench.run(lamina, ["validate", "-qp", "-"], first).stdout
    return None if first and first == second else "the normal form is not stable"


def results(build):
    lamina = f"{build}/bin/lamina"
    found = {name: bench.complaint(bench.run(lamina, arguments, text), *expected)
             for name, arguments, text, *expected in CASES}
    found["full disk"] = full_disk(lamina)
    found["normal form twice"] = print_again(lamina)
    return found
