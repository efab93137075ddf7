# SPDX-License-Identifier: MIT
"""Which faults are planted: drawn by a number, not by hand.

Each fault has a rank, the digest of the seed and of the fault itself; those with the lowest ranks
are drawn. So the same seed gives the same faults, and a change of one function leaves the draw
elsewhere as it was.
"""
import glob
import hashlib
import os

import mutate

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))

# What is searched, and how many faults of the whole fall to each.
SHARES = (("hypervisor/mm/*.[ch]", 0.45), ("hypervisor/core/grant*.[ch]", 0.17),
          ("hypervisor/core/maptrack.c", 0.05), ("hypervisor/core/evtchn*.[ch]", 0.15),
          ("hypervisor/pv/*.[ch]", 0.18))
# One of the checks themselves, not of what they check.
LEFT_OUT = ("hypervisor/mm/audit.c",)


class Fault:
    """One small change of a file; the n-th of its kind that looks like this there."""

    def __init__(self, name, line, kind, old, new, nth):
        self.name, self.line, self.kind, self.old, self.new = name, line, kind, old, new
        self.key = "\n".join((name, kind, old.strip(), new.strip(), str(nth)))

    def rank(self, seed):
        return hashlib.sha256(f"{seed}\n{self.key}".encode()).digest()

    def planted(self):
        """The text of the whole file with the fault in it."""
        with open(os.path.join(ROOT, self.name), encoding="utf-8") as f:
            lines = f.read().split("\n")
        lines[self.line] = self.new
        return "\n".join(lines)

    def __str__(self):
        return (f"{self.name}:{self.line + 1}: {self.kind}\n  - {self.old.strip()}\n"
                f"  + {self.new.strip()}")


def of_file(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as f:
        text = f.read()
    lines, seen = text.split("\n"), {}
    for line, kind, new in mutate.of_file(text):
        look = (kind, lines[line].strip(), new.strip())
        seen[look] = seen.get(look, 0) + 1
        yield Fault(name, line, kind, lines[line], new, seen[look])


def of_pattern(pattern):
    names = (os.path.relpath(n, ROOT) for n in glob.glob(os.path.join(ROOT, pattern)))
    return [fault for n in sorted(names) if n not in LEFT_OUT for fault in of_file(n)]


def choose(number, seed):
    """Faults spread over kinds, so that the many flipped comparisons do not drown the rest."""
    chosen = []
    for pattern, share in SHARES:
        by_kind = {}
        for fault in sorted(of_pattern(pattern), key=lambda f: f.rank(seed), reverse=True):
            by_kind.setdefault(fault.kind, []).append(fault)
        wanted = round(number * share)
        while wanted > 0 and any(by_kind.values()):
            for kind in sorted(by_kind):
                if by_kind[kind] and wanted > 0:
                    chosen.append(by_kind[kind].pop())
                    wanted -= 1
    return chosen
