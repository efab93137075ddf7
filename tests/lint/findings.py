# SPDX-License-Identifier: MIT
"""Judges what the tools of `make lint` printed.

Usage: findings.py [--answers FILE] [--planted FILE.c ...] [--counts FILE] OUTPUT.out ...

An output lies in a folder named after its tool and ends with a line "exit STATUS". A line
"file:line[:column]: message" is a finding. False ones are answered in the answers file, a line
each: tool | file | words of the message or of the source line | reason; one that no finding needs
is itself a finding. For planted files it is the other way round: each line with a comment "finds:
TOOL" must be found by that tool (by the rule of that name, for our own rules).
"""

import argparse
import os
import re
import sys

FINDING = re.compile(r"^([^:\s]+):(\d+)(?::\d+)?: (?!note:|In |in )(.*)")
SUMMARY = "# "


def read_lines(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read().splitlines()


def read_output(path):
    """([(tool, file, line, message)], [summary line])"""
    tool, lines = path.split("/lint/", 1)[1].split("/")[0], read_lines(path)
    found = sorted({(tool, os.path.relpath(m[1]), int(m[2]), m[3])
                    for m in map(FINDING.match, lines) if m})
    status = lines[-1] if lines else "exit without a word"
    if status not in ("exit 0", "exit 1") or (status == "exit 1" and not found):
        found.append((tool, path, 1, f"the tool failed: {' '.join(lines[-3:])}"))
    return found, [line[len(SUMMARY):] for line in lines if line.startswith(SUMMARY)]


def source_line(path, number):
    try:
        return read_lines(path)[number - 1]
    except (OSError, IndexError):
        return ""


class Answer:
    def __init__(self, place, line):
        self.place, self.used = place, False
        self.tool, self.file, self.words, self.reason = (part.strip() for part in line.split("|"))

    def fits(self, finding):
        tool, file, number, message = finding
        if tool != self.tool or file != self.file:
            return False
        fits = self.words in message or self.words in source_line(file, number)
        self.used |= fits
        return fits


def read_answers(path):
    lines = enumerate(read_lines(path), 1) if path else []
    return [Answer(f"{path}:{n}", line) for n, line in lines if line and not line.startswith("#")]


def planted_left(planted, findings, names_run):
    """What was planted and not found, and what was found there and not planted."""
    expected = set()
    for path in planted:
        for number, line in enumerate(read_lines(path), 1):
            for word in re.findall(r"finds: (.*?) \*/", line):
                expected |= {(path, number, tool) for tool in word.split() if tool in names_run}
    found = set()
    for tool, file, number, message in findings:
        names = {tool, message.split(":")[0]}
        hits = {item for item in expected if item[:2] == (file, number) and item[2] in names}
        found |= hits
        if not hits:
            yield f"{file}:{number}: {tool}: {message} (not planted)"
    for path, number, tool in sorted(expected - found):
        yield f"{path}:{number}: {tool} did not find what is planted here"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--answers")
    parser.add_argument("--planted", nargs="*", default=[])
    parser.add_argument("--counts")
    parser.add_argument("outputs", nargs="+")
    options = parser.parse_args()
    findings, summaries = [], []
    for path in options.outputs:
        found, summary = read_output(path)
        findings += found
        summaries += summary
    answers = read_answers(options.answers)
    tools = {path.split("/lint/", 1)[1].split("/")[0] for path in options.outputs}
    planted = [f for f in findings if f[1] in options.planted]
    real = sorted(set(findings) - set(planted))
    open_ones = [f for f in real if not any([answer.fits(f) for answer in answers])]
    complaints = [f"{file}:{line}: {tool}: {message}" for tool, file, line, message in open_ones]
    complaints += [f"{answer.place}: no finding needs this answer" for answer in answers
                   if answer.tool in tools and not answer.used]
    rules = {os.path.basename(path)[:-len(".out")] for path in options.outputs}
    complaints += planted_left(options.planted, planted, tools | rules)
    for line in complaints + summaries:
        print(line)
    bad = len(complaints)
    if options.counts:
        os.makedirs(os.path.dirname(options.counts), exist_ok=True)
        with open(options.counts, "w", encoding="ascii") as file:
            file.write(f"{max(len(options.outputs) - bad, 0)} {bad} 0\n")
    print(f"lint: {', '.join(sorted(tools))}: {len(options.outputs)} runs, {bad} open finding(s), "
          f"{len(real) - len(open_ones)} answered, {len(planted)} planted ones found")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
