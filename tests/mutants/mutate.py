# SPDX-License-Identifier: MIT
"""Mechanical faults in C source: one small change each, of the kinds that people make.

Every function yields (line number, kind, new line). Comments, logs, assertions and declarations are
left alone: a change there is no fault, or cannot be seen from outside.
"""
import re

SKIP = re.compile(r"^\s*(//|/\*|\*|#)|log_\w+\(|static_assert|ASSERT\(|BUG_ON\(|panic\(|^\s*case |"
                  r"\bextern\b|PER_CPU|printf_like|container_of")
FLIP = {"==": "!=", "!=": "==", "<=": "<", ">=": ">", "<": "<=", ">": ">=", "&&": "||", "||": "&&"}
FLIP_AT = re.compile(r"(?<![-<>=!&|])(==|!=|<=|>=|&&|\|\||<|>)(?![<>=&|])")
NUMBER = re.compile(r"(?<![\w.])(\d+)u?(?![\w.])")
CALL = re.compile(r"^\s*(?!return|if|while|for|else|do|switch|BUG)[\w>.\-\[\]&*]+\(.*\);\s*$")
ASSIGN = re.compile(r"^\s*[\w>.\-\[\]*]+ ?([-+|&]?=) [^=].*;\s*$")
DECLARATION = re.compile(r"^\s*(?:const |struct |unsigned |uint|u?int|bool |mfn_t )")
STEP = re.compile(r"^\s*(?:[\w>.\-\[\]]+(\+\+|--)|(\+\+|--)[\w>.\-\[\]]+);\s*$")
GUARD = re.compile(r"^(\s*)(?:\}? ?else )?if \((.*)\)( \{)?\s*$")


def in_comment(lines):
    """For each line: is it (partly) inside of a comment?"""
    inside, out = False, []
    for line in lines:
        start = inside
        if "/*" in line:
            inside = "*/" not in line.split("/*", 1)[1]
            start = start or line.lstrip().startswith("/*")
        elif inside and "*/" in line:
            inside = False
        out.append(start)
    return out


def body_lines(lines):
    """Lines inside of a function: below a line "{" that stands alone at the left edge."""
    depth, out = False, []
    for line in lines:
        if line.startswith("{"):
            depth = True
        elif line.startswith("}"):
            depth = False
        out.append(depth and not line.startswith("{"))
    return out


def of_line(line):
    code = line.split("/*")[0].rstrip()
    for m in FLIP_AT.finditer(code):
        yield "compare", code[:m.start()] + FLIP[m.group(1)] + code[m.end():]
    for m in NUMBER.finditer(code):
        value = int(m.group(1))
        yield "constant", code[:m.start(1)] + str(value + 1) + code[m.end(1):]
        if value > 1:
            yield "constant", code[:m.start(1)] + str(value - 1) + code[m.end(1):]
    if CALL.match(code):
        kind = "put" if "put" in code else "flush" if "flush" in code else "call"
        yield kind, re.sub(r"\S.*", ";", code, count=1)
    if ASSIGN.match(code) and not DECLARATION.match(code):
        yield "assignment", re.sub(r"\S.*", ";", code, count=1)
    if STEP.match(code):
        yield "count", re.sub(r"\S.*", ";", code, count=1)
        yield "count", code.replace("++", "@").replace("--", "++").replace("@", "--")
    m = GUARD.match(code)
    if m:
        yield "check", f"{m.group(1)}if (0 && ({m.group(2)})){m.group(3) or ''}"
        yield "negate", f"{m.group(1)}if (!({m.group(2)})){m.group(3) or ''}"
    m = re.match(r"^(\s*return )(true|false);$", code)
    if m:
        yield "result", m.group(1) + ("false" if m.group(2) == "true" else "true") + ";"
    m = re.match(r"^(\s*return )([^;]*(?:==|!=|&&|\|\||<|>)[^;]*);$", code)
    if m:
        yield "result", f"{m.group(1)}!({m.group(2)});"


def of_file(text):
    lines = text.split("\n")
    comment, body = in_comment(lines), body_lines(lines)
    for n, line in enumerate(lines):
        if comment[n] or not body[n] or SKIP.search(line):
            continue
        for kind, new in of_line(line):
            # An "else if" keeps its else.
            if new.lstrip().startswith("if") and re.match(r"^\s*\} else if", line):
                new = re.sub(r"^(\s*)if", r"\1} else if", new)
            elif new.lstrip().startswith("if") and re.match(r"^\s*else if", line):
                new = re.sub(r"^(\s*)if", r"\1else if", new)
            if new != line.rstrip():
                yield n, kind, new
