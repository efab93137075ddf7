# SPDX-License-Identifier: MIT
"""Recursion and stack use of ring 0, from the call graphs that gcc writes (-fcallgraph-info=su).

Usage: calls.py --stacks FILE [--frame BYTES] [--asm FILE.o ...] GRAPH.ci ...

FILE says what a graph of one file cannot: which stacks there are, which functions begin on them,
and where calls through pointers lead. A call through a pointer in a file that FILE does not name,
or to a function that is neither in the graphs nor among the symbols of the objects made from
assembly, is a finding: no call stays unseen.
Reported are cycles, frames above the limit or of unknown size, and stacks that the deepest chain of
calls does not fit in. panic() never returns and ends at once when it is entered twice, so it is
counted at the end of a chain and once more from its own, not followed in a circle.

Prints one finding a line, "file:line: calls: message", then a summary.
"""

import argparse
import fnmatch
import re
import subprocess
import sys

NODE = re.compile(r'node: \{ title: "([^"]+)" label: "[^"]*?\\n([^"\\]+:\d+):\d+'
                  r'(?:\\n(\d+) bytes \((\w+(?:,\w+)?)\))?')
EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^"]*)")?')
POINTER = "__indirect_call"
RETURN_ADDRESS = 8
ASM_FRAME = 64  # no assembly function that C calls pushes more than the 7 words it must keep


class Graph:
    def __init__(self):
        self.frame, self.place, self.kind, self.calls, self.pointers = {}, {}, {}, {}, []

    def read(self, path):
        with open(path, encoding="utf-8") as file:
            for line in file:
                if match := NODE.match(line):
                    if match[3]:
                        self.frame[match[1]] = int(match[3]) + RETURN_ADDRESS
                        self.place[match[1]], self.kind[match[1]] = match[2], match[4]
                        self.calls.setdefault(match[1], set())
                elif match := EDGE.match(line):
                    self.calls.setdefault(match[1], set())
                    if match[2] == POINTER:
                        self.pointers.append((match[1], match[3].rsplit(":", 1)[0]))
                    else:
                        self.calls[match[1]].add(match[2])

    def names(self, pattern):
        return [name for name in self.frame if fnmatch.fnmatchcase(name, pattern)]


class Description:
    """The lines of the file, as its head explains them."""

    def __init__(self, path):
        self.stacks, self.begins, self.pointers = {}, {}, {}
        self.above, self.refused = {}, []
        with open(path, encoding="ascii") as file:
            for line in file:
                word, *rest = line.split("#")[0].split() or [""]
                if word == "stack":
                    self.stacks[rest[0]] = int(rest[1])
                elif word == "begins":
                    self.begins.setdefault(rest[0], []).extend(rest[1:])
                elif word == "pointer":
                    self.pointers.setdefault(rest[0], []).extend(rest[1:])
                elif word == "above":
                    self.above[rest[0]] = (rest[1], int(rest[2]))
                elif word == "not":
                    self.refused.append((rest[0], rest[1]))
                elif word:
                    raise SystemExit(f"{path}: {line}")


def follow_pointers(graph, said):
    used = set()
    for caller, place in graph.pointers:
        file = next((key for key in (caller, place.split(":")[0]) if key in said.pointers), None)
        if not file:
            yield f"{place}: calls: nobody says where this pointer of {caller} leads"
            continue
        used.add(file)
        for pattern in said.pointers[file]:
            targets = graph.names(pattern)
            if not targets:
                yield f"{place}: calls: there is no function {pattern}"
            graph.calls[caller].update(targets)
    for file in set(said.pointers) - used:
        yield f"{file}:1: calls: has no call through a pointer any more"
    for caller, target in said.refused:
        if target not in graph.calls.get(caller, ()):
            yield f"{caller}:1: calls: does not call {target} any more"
        graph.calls.get(caller, set()).discard(target)


def unknown_calls(graph, asm):
    for caller, targets in graph.calls.items():
        for name in targets - graph.frame.keys() - asm:
            yield f"{graph.place[caller]}: calls: {name} is in no graph and no assembly file"


def bad_frames(graph, limit):
    for name, size in graph.frame.items():
        if "bounded" not in graph.kind[name] and graph.kind[name] != "static":
            yield f"{graph.place[name]}: calls: the frame of {name} has no fixed size"
        elif size - RETURN_ADDRESS > limit:
            size -= RETURN_ADDRESS
            yield f"{graph.place[name]}: calls: frame of {size} bytes (limit {limit})"


def deepest(graph, asm, findings):
    """{function: (bytes, next function)}; without recursion of our own, of course. Cycles go to
    `findings`."""
    depth, state = {name: (ASM_FRAME, None) for name in asm}, {}
    for start in graph.calls:
        path = [(start, iter(sorted(graph.calls[start])))]
        while path:
            name, rest = path[-1]
            if state.get(name) == "done":
                path.pop()
                continue
            state[name] = "open"
            for target in rest:
                if target == "panic" or target in depth or target not in graph.calls:
                    continue
                if state.get(target) == "open":
                    ring = [n for n, _ in path]
                    ring = ring[ring.index(target):] + [target]
                    findings.append(f"{graph.place[name]}: calls: recursion: {' > '.join(ring)}")
                    continue
                path.append((target, iter(sorted(graph.calls[target]))))
                break
            else:
                below = [(depth[t][0], t) for t in graph.calls[name] if t != "panic" and t in depth]
                size, after = max(below, default=(0, None))
                depth[name] = (graph.frame.get(name, 0) + size, after)
                state[name] = "done"
                path.pop()
    return depth


def chain(depth, name):
    while name:
        yield name.split(":")[-1]
        name = depth[name][1]


def check_stacks(graph, said, depth):
    """Findings and lines of the summary. After the deepest chain there may be a panic, and one in
    that."""
    panic = depth.get("panic", (0, None))[0]
    findings, summary = [], []
    for stack, size in said.stacks.items():
        known = [name for name in said.begins.get(stack, []) if name in depth]
        for name in set(said.begins.get(stack, [])) - set(known):
            findings.append(f"{stack}:1: calls: there is no function {name} to begin with")
        if not known:
            continue
        root = max(known, key=lambda name: depth[name][0])
        above, more = said.above.get(stack, (None, 0))
        more += depth[above][0] if above else 0
        need = depth[root][0] + more + 2 * panic
        summary.append(f"stack {stack}: {need} of {size} bytes: {depth[root][0]} by "
                       f"{' > '.join(chain(depth, root))}, {more} by interrupts above it, "
                       f"{2 * panic} by panics")
        if need > size:
            findings.append(
                f"{graph.place[root]}: calls: {need} bytes on the {stack} stack of {size}")
    return findings, summary


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--stacks", required=True)
    parser.add_argument("--frame", type=int, default=1024)
    parser.add_argument("--asm", nargs="*", default=[])
    parser.add_argument("graphs", nargs="+")
    options = parser.parse_args()
    graph, said, asm = Graph(), Description(options.stacks), set()
    for path in options.graphs:
        graph.read(path)
    for path in options.asm:
        symbols = subprocess.run(["nm", "--defined-only", path], capture_output=True, text=True,
                                 check=True)
        asm.update(line.split()[-1] for line in symbols.stdout.splitlines())
    findings = list(follow_pointers(graph, said))
    findings += unknown_calls(graph, asm)
    findings += bad_frames(graph, options.frame)
    depth = deepest(graph, asm, findings)
    more, summary = check_stacks(graph, said, depth)
    largest = max(graph.frame, key=graph.frame.get)
    for line in findings + more:
        print(line)
    print(f"# {len(graph.frame)} functions, {len(graph.pointers)} calls through pointers; largest "
          f"frame {graph.frame[largest] - RETURN_ADDRESS} bytes ({largest}), limit {options.frame}")
    for line in summary:
        print(f"# {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
