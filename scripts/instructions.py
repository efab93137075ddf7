# SPDX-License-Identifier: MIT
"""Counts the hypervisor's instructions between two moments of a machine.

QEMU's log names each translated block that runs, and for each translation its instructions; only
blocks of the hypervisor's code are logged. Virtual time does not see it: with -icount a run takes
the same ticks with the log and without. A block that a fault leaves early counts whole.
"""

import re
import subprocess

ITEMS = "cpu_reset,in_asm,exec,nochain"
RUN = re.compile(rb"^Trace \d+: (0x[0-9a-f]+) \[[0-9a-f]+/([0-9a-f]+)/")
INSTRUCTION = re.compile(rb"^0x([0-9a-f]+): ")


def options(elf):
    """QEMU's options that confine its log to the text of the ELF file."""
    names = subprocess.run(["readelf", "-SW", elf], check=True, capture_output=True, text=True)
    found = re.search(r"\.text +PROGBITS +([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+)", names.stdout)
    begin = int(found[1], 16)
    return ["-dfilter", f"{begin:#x}..{begin + int(found[2], 16) - 1:#x}"]


def count(log):
    """The instructions that ran, by the lines of a log that was on from the first moment only."""
    total = 0
    translated = {}  # where a block begins -> its instructions, as translated last
    blocks = {}      # QEMU's address of a block -> its instructions
    begin, number = None, 0
    for line in log:
        if line.startswith(b"Trace"):
            found = RUN.match(line)
            if begin is not None:
                translated[begin] = number
                begin = None
            block, place = found[1], int(found[2], 16)
            if place in translated:
                blocks[block] = translated.pop(place)
            total += blocks[block]
        elif line.startswith(b"IN:"):
            if begin is not None:
                translated[begin] = number
            begin, number = None, 0
        elif found := INSTRUCTION.match(line):
            if begin is None:
                begin = int(found[1], 16)
            number += 1
    return total
