# SPDX-License-Identifier: MIT
"""Builds the disk with the control domain's programs, and whatever else it is told to put there.

Usage: tools_disk.py --out FILE --label NAME [--mib SIZE] [--stage DIR] [--program FILE ...]
                     [--add NAME=FILE ...]

DIR is a tree as `make install DESTDIR=DIR` leaves it. Programs go to /usr/bin or /usr/sbin, as they
lie here, and every program brings its shared libraries along. The result is an ext2 file system
with that label; no root is needed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

MIB = 1 << 20
SLACK_MIB = 8
LIBRARIES = "lib/x86_64-linux-gnu"
LOADER = "/lib64/ld-linux-x86-64.so.2"


def is_elf(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def copy(source, tree, name):
    target = os.path.join(tree, name.lstrip("/"))
    if not os.path.exists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        # A hole stays a hole: disk images are mostly that.
        subprocess.run(["cp", "-L", "--sparse=always", "--preserve=mode", source, target],
                       check=True)


def files(tree):
    return [os.path.join(folder, name) for folder, _, names in os.walk(tree) for name in names]


def libraries(program):
    """The shared libraries that the dynamic linker would load; none for a static program."""
    found = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    if "not found" in found:
        sys.exit(f"tools_disk: {program} lacks a library:\n{found}")
    return re.findall(r"=> (/\S+)", found)


def add_libraries(tree):
    programs = [path for path in files(tree) if os.access(path, os.X_OK) and is_elf(path)]
    needed = sorted({library for program in programs for library in libraries(program)})
    for library in needed:
        copy(library, tree, os.path.join(LIBRARIES, os.path.basename(library)))
    if needed:
        copy(LOADER, tree, LOADER)


def tool(name):
    """File system programs are not in everybody's search path."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    return path or sys.exit(f"tools_disk: {name} is missing; run scripts/setup run")


def make_filesystem(tree, out, label, mib):
    used = sum(os.stat(path, follow_symlinks=False).st_blocks * 512 for path in files(tree))
    size = mib or used // MIB + used // (16 * MIB) + SLACK_MIB
    os.makedirs(os.path.dirname(out), exist_ok=True)
    with open(out + ".new", "wb") as file:
        file.truncate(size * MIB)
    subprocess.run([tool("mke2fs"), "-q", "-t", "ext2", "-L", label, "-E", "root_owner=0:0",
                    "-d", tree, out + ".new"], check=True)
    os.replace(out + ".new", out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--label", required=True)
    parser.add_argument("--mib", type=int)
    parser.add_argument("--stage")
    parser.add_argument("--program", nargs="*", default=[])
    parser.add_argument("--add", nargs="*", default=[], metavar="NAME=FILE")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as tree:
        if options.stage:
            shutil.copytree(options.stage, tree, symlinks=True, dirs_exist_ok=True)
        for program in options.program:
            copy(program, tree, program)
        for entry in options.add:
            name, _, path = entry.partition("=")
            copy(path, tree, name)
        add_libraries(tree)
        make_filesystem(tree, options.out, options.label, options.mib)


if __name__ == "__main__":
    main()
