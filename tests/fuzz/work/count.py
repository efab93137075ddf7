#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""
Instructions, counted: reads what the compiler wrote as assembly and adds, at the start of each
basic block, the number of its instructions to the variable work_instructions. What is added keeps
registers and flags, so the program does what it did before. A string instruction counts as one.

    count.py < in.s > out.s        (compiled with -mno-red-zone: the stack is used)
"""
import re
import sys

LABEL = re.compile(r"^[A-Za-z_.$][\w.$]*:")
INSTRUCTION = re.compile(r"^\s+[a-z]")
ENDS = re.compile(r"^\s+(j[a-z]+|ret|retq|ud2)\b")
SECTION = re.compile(r"^\s+\.(text|data|bss|section\s+([^\s,]+)|previous|popsection|pushsection)")
# "lock" and the like on a line of their own belong to the next instruction.
PREFIX = re.compile(r"^\s+(lock|rep|repe|repz|repne|repnz)\s*;?\s*$")


def counting(nr):
    return (f"\tpushq %rax\n\tmovq work_instructions(%rip), %rax\n\tleaq {nr}(%rax), %rax\n"
            "\tmovq %rax, work_instructions(%rip)\n\tpopq %rax\n")


class Block:
    """Lines of a basic block; those before its first instruction stay before the counter."""

    def __init__(self, out):
        self.out, self.lines, self.nr = out, [], 0

    def add(self, line):
        is_instruction = bool(INSTRUCTION.match(line))
        self.nr += is_instruction and not PREFIX.match(line)
        if self.nr or is_instruction:
            self.lines.append(line)
        else:
            self.out.write(line)

    def end(self):
        if self.nr:
            self.out.write(counting(self.nr))
        self.out.writelines(self.lines)
        self.lines, self.nr = [], 0


def is_code(line, before):
    section = SECTION.match(line)
    if not section:
        return before
    name = section.group(2) or section.group(1)
    return name.lstrip(".").startswith("text")


def main():
    block, code = Block(sys.stdout), False
    for line in sys.stdin:
        line = re.sub(r"^(\s+[a-z]\w*[^\"]*?);\s", r"\1\n\t", line)
        for part in line.splitlines(keepends=True):
            if SECTION.match(part) or LABEL.match(part):
                block.end()
                code = is_code(part, code)
            if code:
                block.add(part)
            else:
                sys.stdout.write(part)
            if code and ENDS.match(part):
                block.end()
    block.end()


if __name__ == "__main__":
    main()
