#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lists everything our public headers define, one C macro call a line.

    rows.py OUTPUT HEADER...

TYPE(name, type) a typedef or structure, FIELD(structure, path) a member at any depth,
NUMBER(name) a constant or enumerator. The list is made from the headers themselves, so nothing
can be forgotten. Two translation units include it: one with our headers, one with the reference's.
"""
import re
import sys

# Ours by design, each with its reason; all else must exist in the reference.
OURS_ONLY = {
    "xen_handle_t",  # the reference has a structure per pointee; handles are compared as fields
}
STRINGS = {"XEN_EMULATE_PREFIX", "XEN_CPUID"}  # no numbers
QUALIFIERS = {"const", "volatile", "unsigned", "signed"}


def strip(text):
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    return text.replace("\\\n", " ")


def constants(text):
    for line in text.splitlines():
        match = re.match(r"\s*#\s*define\s+(\w+)\s+(\S.*)", line)
        if match and match[1] not in STRINGS and not match[1].endswith("_H"):
            yield match[1]


def tokens(text):
    text = "\n".join(l for l in text.splitlines() if not l.lstrip().startswith("#"))
    return re.findall(r"\w+|[{}\[\];,*()=\"<+&~|-]", text)


class Parser:
    """Reads the declarations of a header; function bodies are skipped."""

    def __init__(self, words):
        self.words, self.at, self.rows = words, 0, []

    def next(self):
        self.at += 1
        return self.words[self.at - 1]

    def peek(self):
        return self.words[self.at] if self.at < len(self.words) else ""

    def skip_to(self, end):
        depth = 0
        while True:
            word = self.next()
            depth += (word in "{(") - (word in "})")
            if word == end and depth <= 0:
                return

    def header(self):
        while self.at < len(self.words):
            word = self.next()
            if word in ("struct", "union") and self.words[self.at + 1] == "{":
                self.aggregate(word)
                self.skip_to(";")
            elif word == "enum":
                self.enumeration()
            elif word == "typedef":
                self.typedef()
            elif word == "extern" and self.peek() == '"':
                while self.next() != "{":
                    pass
            elif word == "static":
                self.skip_to("}")

    def typedef(self):
        start = self.at
        self.skip_to(";")
        words = self.words[start:self.at - 1]
        name = words[words.index("[") - 1] if "[" in words else words[-1]
        self.rows.append(f"TYPE({name}, {name})")

    def enumeration(self):
        self.next()
        if self.next() != "{":
            raise ValueError("enumeration without a body")
        word = ""
        expect = True
        while word != "}":
            word = self.next()
            if expect and word != "}":
                self.rows.append(f"NUMBER({word})")
            expect = word == ","

    def aggregate(self, kind):
        """After the keyword: [name] { members }. Returns the paths of its members."""
        name = None
        if self.peek() != "{":
            name = self.next()
        self.next()
        paths = []
        while self.peek() != "}":
            paths += self.member()
        self.next()
        if name:
            self.rows.append(f"TYPE({name}, {kind} {name})")
            self.rows += [f"FIELD({kind} {name}, {path})" for path in paths]
        return paths

    def member(self):
        """One declaration: the paths of all it declares, inner members included."""
        inner = []
        word = self.next()
        if word in ("struct", "union"):
            if self.peek() == "{" or self.words[self.at + 1] == "{":
                inner = self.aggregate(word)
            else:
                self.next()
        else:
            while word in QUALIFIERS:
                word = self.next()
        paths = []
        while True:
            name = self.next()
            paths.append(name)
            paths += [f"{name}.{path}" for path in inner]
            while self.peek() not in ",;":
                self.next()
            if self.next() == ";":
                return paths


def rows_of(path):
    with open(path, encoding="utf-8") as header:
        text = strip(header.read())
    parser = Parser(tokens(text))
    parser.header()
    return [f"NUMBER({name})" for name in constants(text)] + parser.rows


def main(argv):
    rows = []
    for path in argv[2:]:
        rows += [r for r in rows_of(path) if r not in rows]
    rows = [r for r in rows if r.split("(")[1].split(",")[0].rstrip(")") not in OURS_ONLY]
    with open(argv[1], "w", encoding="utf-8") as out:
        out.write("\n".join(rows) + "\n")


if __name__ == "__main__":
    main(sys.argv)
