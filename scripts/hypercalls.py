#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Everything that is made from include/public/hypercalls.tbl.

    hypercalls.py TABLE gen DIRECTORY   write the generated C sources and headers
    hypercalls.py TABLE docs FILE       write the reference manual
    hypercalls.py TABLE check FILE      exit 1 unless the manual is up to date

The table's header explains its grammar. One row gives one handler; the generated dispatch narrows
arguments, checks bounds and privilege, and copies structures in and back.
"""
import os
import re
import sys
import textwrap

NUMBERS = 64  # hypercall numbers are below this
SCALARS = {"u16": "uint16_t", "u32": "uint32_t", "u64": "uint64_t", "i32": "int32_t",
           "domid": "domid_t", "mfn": "mfn_t"}
C_TYPES = {"char": "char", "u8": "uint8_t", "u32": "uint32_t", "u64": "uint64_t"}
SHAPES = ("scalar", "struct", "array", "raw", "element", "member")
DIRECTIONS = ("in", "out", "inout", "inout!")
WHO = ("any", "dom0")
HEADERS = ("callback", "domctl", "errno", "event_channel", "grant_table", "memory", "nmi",
           "physdev", "platform", "sched", "sysctl", "vcpu", "version", "xen")


class TableError(Exception):
    """The table does not follow its grammar."""


class Arg:
    """One argument of a row, or of an element class."""

    def __init__(self, words):
        if len(words) < 3 or words[0] not in DIRECTIONS:
            raise TableError("argument needs a direction, a type and a name")
        self.direction, kind, self.name = words[:3]
        self.bound = " ".join(words[3:])
        self.kind, _, self.target = kind.partition(":")
        if self.kind not in SCALARS and self.kind not in ("ptr", "struct", "vcpu", "extent"):
            raise TableError(f"unknown type {kind}")
        if self.kind in ("ptr", "struct") and not self.target:
            raise TableError(f"{kind} points at nothing")
        limit = re.fullmatch(r"(max|is)=(\S+)", self.bound)
        self.limit = limit.groups() if limit else None

    @property
    def c_target(self):
        """C type that a pointer of this argument points at."""
        if self.target in C_TYPES:
            return C_TYPES[self.target]
        return self.target if self.target.endswith("_t") else f"struct {self.target}"

    @property
    def points_at_one(self):
        """A structure, or a pointer whose bound says so; others point at lists."""
        return self.kind == "struct" or (self.kind == "ptr" and self.bound.startswith("one"))

    @property
    def is_fixed(self):
        return self.limit is not None and self.limit[0] == "is"

    def describe(self):
        shown = {"ptr": f"{self.c_target} *", "struct": f"{self.c_target} *", "vcpu": "vCPU",
                 "extent": "extent"}.get(self.kind, SCALARS.get(self.kind, ""))
        text = f"{self.direction.rstrip('!')} `{shown}` {self.name}"
        if self.limit:
            return f"{text} ({'at most' if self.limit[0] == 'max' else 'always'} {self.limit[1]})"
        return f"{text} ({self.bound})" if self.bound else text


class Row:
    """One hypercall or sub-operation."""

    def __init__(self, cls, words):
        if len(words) < 4:
            raise TableError("op needs a number, a name, a shape and who may call")
        number, self.constant_name, self.shape, self.who = words[:4]
        self.cls = cls
        self.number = None if number == "-" else int(number, 0)
        if (self.number is None) != (cls.select == "none"):
            raise TableError("op number does not fit the class")
        if self.shape not in SHAPES or self.who not in WHO:
            raise TableError("unknown shape or caller")
        self.flags = {word for word in words[4:] if "=" not in word}
        options = dict(word.split("=") for word in words[4:] if "=" in word)
        self.answer = options.pop("answer", None)
        if options or self.flags - {"preempt", "own", "nodomain", "from", "other", "vcpu"}:
            raise TableError("unknown flag")
        self.args, self.errors, self.meaning, self.result = [], [], "", ""
        self.target, self.direct, self.end = None, None, None
        name = self.constant_name.lower()
        self.name = name if cls.select == "none" else f"{cls.prefix}_{name}"

    @property
    def constant(self):
        if self.cls.select == "none":
            return f"__HYPERVISOR_{self.cls.name}"
        return self.cls.constant + self.constant_name

    @property
    def first_register(self):
        return 0 if self.cls.select == "none" else 1

    @property
    def has_handler(self):
        return self.answer is None

    def handled(self):
        """Arguments that the handler sees: an array's count and fixed values stay behind."""
        if self.shape == "array":
            return [self.structure()]
        return [a for a in self.args if not a.is_fixed]

    def structure(self):
        return next((a for a in self.args if a.kind == "struct"), None)

    def check(self):
        structures = sum(a.kind == "struct" for a in self.args)
        expected = {"struct": (1,), "array": (1,), "member": (0, 1)}.get(self.shape, (0,))
        if structures not in expected:
            raise TableError(f"{self.name}: wrong number of structures for its shape")
        if not self.meaning:
            raise TableError(f"{self.name}: no meaning given")
        if self.shape == "array" and self.has_handler and not self.direct:
            raise TableError(f"{self.name}: an array needs a call for its elements")
        if len(self.args) > 6 - self.first_register:
            raise TableError(f"{self.name}: too many arguments")


class Class:
    """A hypercall number."""

    def __init__(self, words):
        if len(words) != 5:
            raise TableError("class needs five words")
        self.number, self.name, self.prefix, self.constant = int(words[0]), *words[1:4]
        self.select, *rest = words[4].split(":")
        if self.select not in ("none", "cmd", "extent", "element", "header"):
            raise TableError("unknown selection")
        self.header = rest
        self.args, self.rows = [], []

    @property
    def has_domain(self):
        return self.select == "header" and self.header[2] == "domain"


def read_table(path):
    classes = []
    with open(path, encoding="utf-8") as table:
        for number, line in enumerate(table, 1):
            words = [] if line.lstrip().startswith("#") else line.split()
            try:
                if words:
                    read_line(classes, words)
            except (TableError, ValueError, IndexError) as error:
                raise TableError(f"{path}:{number}: {error}") from error
    for cls in classes:
        for row in cls.rows:
            row.check()
    require_unique("class", [c.number for c in classes])
    require_unique("name", [r.name for r in all_rows(classes)])
    for cls in classes:
        require_unique(f"operation of {cls.name}", [r.number for r in cls.rows])
    return sorted(classes, key=lambda c: c.number)


def read_line(classes, words):
    key, rest = words[0], words[1:]
    if key == "class":
        classes.append(Class(rest))
    elif key == "class-arg":
        classes[-1].args.append(Arg(rest))
    elif key == "op":
        classes[-1].rows.append(Row(classes[-1], rest))
    elif key == "arg":
        classes[-1].rows[-1].args.append(Arg(rest))
    elif key == "on":
        classes[-1].rows[-1].target = " ".join(rest)
    elif key in ("call", "run"):
        classes[-1].rows[-1].direct = (key, " ".join(rest))
    elif key == "end":
        classes[-1].rows[-1].end = " ".join(rest)
    elif key == "=":
        classes[-1].rows[-1].meaning += " ".join(rest)
    elif key == "ret":
        classes[-1].rows[-1].result = " ".join(rest)
    elif key == "err":
        classes[-1].rows[-1].errors.append((rest[0], " ".join(rest[1:])))
    else:
        raise TableError(f"unknown line {key}")


def require_unique(what, values):
    for value in values:
        if values.count(value) > 1:
            raise TableError(f"{what} {value} appears twice")


def all_rows(classes):
    return [row for cls in classes for row in cls.rows]


# ---- handlers and dispatch ---------------------------------------------------------------------

def banner(text):
    return ("/* SPDX-License-Identifier: MIT */\n"
            f"/* {text} Made by scripts/hypercalls.py: do not edit. */\n")


def includes():
    return "".join(f'#include "public/{name}.h"\n' for name in HEADERS)


def handler_type(arg):
    if arg.kind in SCALARS:
        return f"{SCALARS[arg.kind]} {arg.name}"
    return {"ptr": f"guest_ptr_t {arg.name}", "struct": f"{arg.c_target} *{arg.name}",
            "vcpu": f"struct vcpu *{arg.name}", "extent": f"uint64_t {arg.name}"}[arg.kind]


def parameters(row):
    """Of the handler, a target domain aside."""
    if row.shape == "element":
        return ["struct domain *target", f"struct {row.cls.args[0].target} *op"]
    params = [handler_type(a) for a in row.handled()]
    if row.shape == "member" and row.cls.has_domain:
        params.insert(0, "domid_t *domain" if row.flags & {"nodomain", "from"} else
                      "struct vcpu *vcpu" if "vcpu" in row.flags else "struct domain *d")
    return params


def prototype(row):
    params = (["struct domain *d"] if row.target else []) + parameters(row)
    return f"long hc_{row.name}({', '.join(params) or 'void'})"


def make_handlers(classes):
    out = [banner("Prototypes of all hypercall handlers that are functions of their own."),
           "#ifndef HYPERCALL_HANDLERS_H\n#define HYPERCALL_HANDLERS_H\n\n",
           '#include "lib/types.h"\n', includes(), "\nstruct domain;\nstruct vcpu;\n"]
    for cls in classes:
        out.append(f"\n/* {cls.number} {cls.name} */\n")
        out += [f"/* {row.meaning} */\n{prototype(row)};\n" for row in cls.rows
                if row.has_handler and not row.direct]
        if cls.select == "element":
            params = ", ".join(handler_type(a) for a in cls.args)
            out.append("/* The list of the class, and one of its elements by its cmd. */\n"
                       f"long hc_{cls.name}({params});\n"
                       f"long {cls.prefix}_element(struct domain *target, "
                       f"struct {cls.args[0].target} *op);\n")
    out.append("\n#endif\n")
    return "".join(out)


def statement(direct):
    """What stands in a direct handler's body for its expression."""
    kind, expression = direct
    return f"return {expression};" if kind == "call" else f"{expression};\n    return 0;"


def direct_handler(row):
    """A row that only calls down needs no handler elsewhere."""
    params = (["struct domain *d"] if row.target else []) + parameters(row)
    body = "    struct vcpu *v maybe_unused = current;\n"
    if "struct domain *d" not in params:
        body += "    struct domain *d maybe_unused = v->domain;\n"
    text = ", ".join(f"{p} maybe_unused" for p in params) or "void"
    return (f"static inline long hc_{row.name}({text})\n{{\n"
            f"{body}\n    {statement(row.direct)}\n}}\n\n")


def target_handler(row):
    """Resolves the domain that a row acts on, and lets go of it afterwards."""
    names = ["d"] + [a.name for a in row.handled()]
    return (f"static inline long on_{row.name}({', '.join(parameters(row))})\n{{\n"
            f"    struct domain *d;\n    long ret = target_get({row.target}, &d);\n\n"
            "    if (ret)\n        return ret;\n"
            f"    ret = hc_{row.name}({', '.join(names)});\n    target_put(d);\n"
            "    return ret;\n}\n\n")


LAYERS = ("core/console.h", "core/domain.h", "core/sched.h", "core/time.h", "hypercall/bitmap.h",
          "hypercall/hypercall.h", "hypercall/target.h", "hypercall_handlers.h", "lib/errno.h",
          "mm/alloc.h", "mm/guest.h", "mm/update.h", "pv/guest_cpu.h", "pv/trap.h")


def make_direct(classes):
    out = [banner("Rows that only call down, and the target domains of rows."),
           "#ifndef HYPERCALL_DIRECT_H\n#define HYPERCALL_DIRECT_H\n\n",
           "".join(f'#include "{name}"\n' for name in LAYERS),
           "\n#define maybe_unused __attribute__((unused))\n\n"]
    for row in all_rows(classes):
        if row.has_handler and row.direct:
            out.append(direct_handler(row))
        if row.has_handler and row.target:
            out.append(target_handler(row))
    out.append("#endif\n")
    return "".join(out)


def value_of(arg, register):
    """C expression that narrows a register to the argument's type."""
    if arg.kind == "mfn":
        return f"_mfn({register})"
    if arg.kind == "ptr":
        return f"guest_ptr({register})"
    return register if arg.kind == "u64" else f"({SCALARS[arg.kind]}){register}"


def bound_checks(row, registers):
    out = []
    for arg in row.args:
        if arg.limit:
            test = ">" if arg.limit[0] == "max" else "!="
            out.append(f"    if ({value_of(arg, registers[arg.name])} {test} {arg.limit[1]}u)\n"
                       "        return -EINVAL;\n")
    return out


def privilege_check(row):
    if row.who == "any":
        return []
    return ["    if (!current->domain->is_control)\n        return -EPERM;\n"]


def row_body(row, registers):
    """Statements of one row that has a handler, and the expression of its last line."""
    before = privilege_check(row) + bound_checks(row, registers)
    call_args = []
    for arg in row.handled():
        if arg.kind == "vcpu":
            before.append(f"    struct vcpu *{arg.name} = vcpu_by_id(current->domain, "
                          f"(uint32_t){registers[arg.name]});\n"
                          f"    if (!{arg.name})\n        return -ENOENT;\n")
            call_args.append(arg.name)
        elif arg.kind == "struct":
            call_args.append("&op")
        elif arg.kind == "extent":
            call_args.append("a0 >> 6")
        else:
            call_args.append(value_of(arg, registers[arg.name]))
    call = f"{'on' if row.target else 'hc'}_{row.name}({', '.join(call_args)})"
    if row.shape == "struct":
        return before, copied_call(row.structure(), registers, call)
    if row.shape == "array":
        return before, array_call(row, registers)
    return before, f"    return {call};\n"


def copied_call(arg, registers, call):
    where = f"guest_ptr({registers[arg.name]})"
    out = [f"    {arg.c_target} op;\n"]
    if arg.direction == "out":
        out.append("    __builtin_memset(&op, 0, sizeof(op)); /* padding goes out, too */\n")
    else:
        out.append(f"    if (copy_from_guest(&op, {where}, sizeof(op)))\n        return -EFAULT;\n")
    if arg.direction == "in":
        return "".join(out) + f"    return {call};\n"
    condition = "" if arg.direction == "inout!" else "ret >= 0 && "
    out.append(f"    long ret = {call};\n"
               f"    if ({condition}copy_to_guest({where}, &op, sizeof(op)))\n"
               "        return -EFAULT;\n    return ret;\n")
    return "".join(out)


def array_call(row, registers):
    arg = row.structure()
    count = next(a for a in row.args if a.kind == "u32")
    end = f"end_{row.name}" if row.end else "NULL"
    return (f"    static const struct hypercall_list list = {{ {row.constant}, "
            f"sizeof({arg.c_target}), each_{row.name}, {end} }};\n"
            f"    static_assert(sizeof({arg.c_target}) <= HYPERCALL_ELEMENT_MAX, \"element\");\n"
            f"    return hypercall_list_run(&list, guest_ptr({registers[arg.name]}), "
            f"(uint32_t){registers[count.name]});\n")


def registers_of(row):
    names, index = {}, row.first_register
    for arg in row.args:
        if arg.kind == "extent":
            names[arg.name] = "a0"
        else:
            names[arg.name] = f"a{index}"
            index += 1
    return names


def answer_of(row):
    return "0" if row.answer == "0" else f"-{row.answer}"


def row_function(row):
    """A function of its own for a row, so that its buffers cost the others nothing."""
    out = []
    registers = registers_of(row)
    if row.shape == "array":
        out.append(f"static void each_{row.name}(void *op)\n{{\n"
                   f"    (void)hc_{row.name}(op);\n}}\n\n")
        if row.end:
            out.append(f"static void end_{row.name}(void)\n{{\n    struct vcpu *v = current;\n\n"
                       f"    {row.end};\n}}\n\n")
    used = sorted(set(registers.values()))
    params = ", ".join(f"uint64_t {r}" for r in used) or "void"
    before, last = row_body(row, registers)
    out.append(f"static noinline long row_{row.name}({params})\n{{\n{''.join(before)}{last}}}\n\n")
    return "".join(out), f"row_{row.name}({', '.join(used)})"


def row_case(row):
    """(functions to define first, statements inside the switch)."""
    if not row.has_handler:
        checks = "".join(privilege_check(row)) if row.answer == "0" else ""
        return "", f"{checks}    return {answer_of(row)};\n"
    simple = row.shape in ("scalar", "raw") and not any(a.kind == "vcpu" for a in row.args)
    if simple:
        before, last = row_body(row, registers_of(row))
        return "", "".join(before) + last
    define, call = row_function(row)
    return define, f"    return {call};\n"


def indent(text):
    return "".join(f"    {line}\n" if line else "\n" for line in text.splitlines())


def class_function(cls, body):
    return f"static long class_{cls.name}(REGISTERS)\n{{\n{body}}}\n\n"


def simple_class(cls):
    if cls.select == "none":
        define, body = row_case(cls.rows[0])
        return define + class_function(cls, body)
    defines, cases = [], []
    for row in cls.rows:
        define, body = row_case(row)
        if cls.select == "extent" and not any(a.kind == "extent" for a in row.args) and \
                row.has_handler:
            body = "    if (a0 >> 6)\n        return -EINVAL;\n" + body
        defines.append(define)
        cases.append(f"    case {row.constant}:\n{indent(body)}")
    selector = "a0 & 63" if cls.select == "extent" else "(uint32_t)a0"
    body = (f"    switch ({selector}) {{\n{''.join(cases)}    default:\n"
            "        return -ENOSYS;\n    }\n")
    return "".join(defines) + class_function(cls, body)


def element_class(cls):
    cases = []
    for row in cls.rows:
        call = f"hc_{row.name}(target, op)" if row.has_handler else answer_of(row)
        own = "        if (target != current->domain)\n            return -EPERM;\n"
        cases.append(f"    case {row.constant}:\n{own if 'own' in row.flags else ''}"
                     f"        return {call};\n")
    params = f"struct domain *target, struct {cls.args[0].target} *op"
    element = (f"long {cls.prefix}_element({params})\n{{\n"
               f"    switch (op->cmd) {{\n{''.join(cases)}    default:\n"
               "        return -ENOSYS;\n    }\n}\n\n")
    values = ", ".join(value_of(arg, f"a{i}") for i, arg in enumerate(cls.args))
    return element + class_function(cls, f"    return hc_{cls.name}({values});\n")


def member_case(row):
    if not row.has_handler:
        return f"    case {row.constant}:\n        return {answer_of(row)};\n"
    arg = row.structure()
    params = [f"&op->u.{arg.name}"] if arg else []
    back = "BACK_NEVER"
    if arg and arg.direction != "in":
        back = "BACK_ALWAYS" if arg.direction == "inout!" else "BACK_ON_SUCCESS"
    out = [f"    case {row.constant}:\n        *back = {back};\n"]
    if row.cls.has_domain and row.flags & {"nodomain", "from"}:
        params.insert(0, "&op->domain")
    elif row.cls.has_domain:
        out.append("        if (!domain)\n            return -ESRCH;\n")
        if "other" in row.flags:
            out.append("        if (domain == current->domain)\n            return -EINVAL;\n")
        if "vcpu" in row.flags:
            out.append(f"        vcpu = vcpu_by_id(domain, op->u.{arg.name}.vcpu);\n"
                       "        if (!vcpu)\n            return -EINVAL;\n")
        params.insert(0, "vcpu" if "vcpu" in row.flags else "domain")
    out.append(f"        return hc_{row.name}({', '.join(params)});\n")
    return "".join(out)


def header_class(cls):
    structure, version, _ = cls.header
    targets = cls.has_domain
    used = any(row.has_handler and "nodomain" not in row.flags for row in cls.rows) and targets
    head = "struct domain *domain, " if used else ""
    cases = "".join(member_case(row) for row in cls.rows)
    vcpu = "    struct vcpu *vcpu;\n\n" if any("vcpu" in row.flags for row in cls.rows) else ""
    choose = (f"static long choose_{cls.name}({head}struct {structure} *op, enum back *back)\n{{\n"
              f"{vcpu}    *back = BACK_NEVER;\n    switch (op->cmd) {{\n{cases}    default:\n"
              "        return -ENOSYS;\n    }\n}\n\n")
    get = ("    struct domain *domain;\n    if (target_claim(op.domain, &domain))\n"
           "        return -ERESTART;\n") if used else ""
    put = "    target_release(domain);\n" if used else ""
    value = "domain, " if used else ""
    body = (f"    struct {structure} op;\n    enum back back;\n\n"
            "    if (!current->domain->is_control)\n        return -EPERM;\n"
            "    if (copy_from_guest(&op, guest_ptr(a0), sizeof(op)))\n        return -EFAULT;\n"
            f"    if (op.interface_version != {version})\n        return -EACCES;\n"
            f"{get}    long ret = choose_{cls.name}({value}&op, &back);\n{put}"
            "    if (back == BACK_ALWAYS || (back == BACK_ON_SUCCESS && ret >= 0)) {\n"
            "        if (copy_to_guest(guest_ptr(a0), &op, sizeof(op)))\n"
            "            return -EFAULT;\n    }\n    return ret;\n")
    return choose + f"static noinline long class_{cls.name}(REGISTERS)\n{{\n{body}}}\n\n"


def make_dispatch(classes):
    out = [banner("The dispatch: from a hypercall number to the handler of a row."),
           '#include "hypercall_direct.h"\n\n'
           "#define noinline __attribute__((noinline))\n"
           f"#define REGISTERS {', '.join(f'uint64_t a{i} maybe_unused' for i in range(6))}\n\n"
           "/* When a structure goes back to the guest. */\n"
           "enum back { BACK_NEVER, BACK_ON_SUCCESS, BACK_ALWAYS };\n\n",
           number_asserts(classes)]
    for cls in classes:
        make = {"element": element_class, "header": header_class}.get(cls.select, simple_class)
        out.append(make(cls))
    out.append("static long class_absent(REGISTERS)\n{\n    return -ENOSYS;\n}\n\n")
    out.append("hypercall_fn *const hypercall_table[HYPERCALL_NUMBERS] = {\n")
    names = {cls.number: cls.name for cls in classes}
    out += [f"    [{n}] = class_{names.get(n, 'absent')},\n" for n in range(NUMBERS)]
    out.append("};\n")
    return "".join(out)


def number_asserts(classes):
    out = ["/* Table and public headers agree. */\n"]
    for cls in classes:
        out.append(f'static_assert(__HYPERVISOR_{cls.name} == {cls.number}, "number");\n')
        out += [f'static_assert({row.constant} == {row.number}, "number");\n'
                for row in cls.rows if row.number is not None]
    return "".join(out) + "\n"


def make_numbers(classes):
    out = [banner("An identifier for every row, for trace records and counters."),
           "#ifndef HYPERCALL_NUMBERS_H\n#define HYPERCALL_NUMBERS_H\n\n"
           f"#define HYPERCALL_NUMBERS {NUMBERS} /* hypercall numbers are below */\n\n"
           "enum hypercall_id {\n"]
    out += [f"    HYPERCALL_ID_{row.name},\n" for row in all_rows(classes)]
    out.append("    HYPERCALL_IDS\n};\n\n#endif\n")
    return "".join(out)


# ---- libhypercall, trace names, fuzz shapes ----------------------------------------------------

def wrapper_type(arg):
    if arg.kind in SCALARS:
        kind = "uint64_t" if arg.kind == "mfn" else SCALARS[arg.kind]
        return f"{kind} {arg.name}"
    if arg.kind == "vcpu":
        return f"uint32_t {arg.name}"
    const = "const " if arg.direction == "in" and arg.kind == "ptr" else ""
    return f"{const}{arg.c_target} *{arg.name}"


def plain_wrapper(cls, name, args, values, is_array=False):
    """A call by registers. Single structures pass by where the transport can show them."""
    ones = [] if is_array else [a for a in args if a.points_at_one]
    for arg in args:
        value = f"at_{arg.name}" if arg in ones else f"(unsigned long){arg.name}"
        values.append(arg.limit[1] if arg.is_fixed else value)
    call = f"_hypercall{len(values)}({', '.join([f'__HYPERVISOR_{cls.name}'] + values)})"
    stage = "".join(f"    unsigned long at_{a.name} = "
                    f"_hypercall_stage({a.name}, sizeof(*{a.name}));\n" for a in ones)
    unstage = "".join(f"    _hypercall_unstage({a.name}, at_{a.name}, sizeof(*{a.name}));\n"
                      for a in ones if a.direction != "in")
    if unstage:
        body = f"{stage}    long ret = {call};\n\n{unstage}    return ret;\n"
    else:
        body = stage + ("\n" if stage else "") + f"    return {call};\n"
    params = ", ".join(wrapper_type(a) for a in args if not a.is_fixed) or "void"
    return f"static inline long hypercall_{name}({params})\n{{\n{body}}}\n"


def wrapper(row):
    args = [a for a in row.args if a.kind != "extent"]
    values = [] if row.number is None else [row.constant]
    return plain_wrapper(row.cls, row.name, args, values, row.shape == "array")


def member_wrapper(row):
    arg = row.structure()
    structure, version, _ = row.cls.header
    params = ["domid_t *domain" if "nodomain" in row.flags else "domid_t domain"] \
        if row.cls.has_domain else []
    params += [f"{arg.c_target} *{arg.name}"] if arg else []
    out = [f"static inline long hypercall_{row.name}({', '.join(params) or 'void'})\n{{\n"
           f"    struct {structure} op = {{ 0 }};\n    unsigned long at;\n    long ret;\n\n"
           f"    op.cmd = {row.constant};\n    op.interface_version = {version};\n"]
    if row.cls.has_domain:
        out.append(f"    op.domain = {'*' if 'nodomain' in row.flags else ''}domain;\n")
    if arg and arg.direction != "out":
        out.append(f"    op.u.{arg.name} = *{arg.name};\n")
    out.append("    at = _hypercall_stage(&op, sizeof(op));\n"
               f"    ret = _hypercall1(__HYPERVISOR_{row.cls.name}, at);\n")
    if (arg and arg.direction != "in") or "nodomain" in row.flags:
        out.append("    _hypercall_unstage(&op, at, sizeof(op));\n")
    if arg and arg.direction != "in":
        out.append(f"    *{arg.name} = op.u.{arg.name};\n")
    if "nodomain" in row.flags:
        out.append("    *domain = op.domain;\n")
    out.append("    return ret;\n}\n")
    return "".join(out)


TAKES = {"in": "Takes", "out": "Fills", "inout": "Changes", "inout!": "Changes"}


def joined(texts):
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if texts[1:] else texts)


def argument_text(arg):
    bound = f"at most {arg.limit[1]}" if arg.limit else arg.bound
    if arg.kind == "vcpu":
        bound = "a vCPU of the caller's"
    return f"{arg.name} ({bound})" if bound else arg.name


def arguments_contract(args):
    """What the wrapper of these takes and gives, by direction."""
    groups = {}
    for arg in args:
        if not arg.is_fixed and arg.kind != "extent":
            groups.setdefault(TAKES[arg.direction], []).append(argument_text(arg))
    return [f"{verb} {joined(texts)}." for verb, texts in groups.items()]


def implied_errors(row, args):
    """What the dispatch answers before a handler runs, as DOC_HEAD tells."""
    has_header = row is not None and row.shape == "member"
    if has_header or any(a.kind in ("ptr", "struct") for a in args):
        yield "EFAULT", "memory that cannot be read or written"
    if row is not None and row.who == "dom0":
        yield "EPERM", "the caller is not dom0"
    for arg in args:
        if arg.limit and not arg.is_fixed:
            yield "EINVAL", f"{arg.name} above {arg.limit[1]}"
        if arg.kind == "vcpu":
            yield "ENOENT", "no such vCPU"
    if has_header:
        yield "EACCES", "another interface version than this header's"
    if has_header and row.cls.has_domain and "nodomain" not in row.flags:
        yield "ESRCH", "no such domain"


def result_contract(row):
    if row.answer and row.answer != "0":
        return f"Returns -XEN_{row.answer}: not offered here."
    reasons = {}
    for name, reason in [*row.errors, *([] if row.answer else implied_errors(row, row.args))]:
        if reason not in reasons.setdefault(name, []):
            reasons[name].append(reason)
    errors = ", ".join(f"-XEN_{name}: {' or '.join(why)}" for name, why in reasons.items())
    return f"Returns {row.result or 0}; {errors or 'the call cannot fail'}."


def comment(sentences):
    lines = textwrap.wrap(" ".join(sentences), 97, break_long_words=False, break_on_hyphens=False)
    return "\n/*\n" + "".join(f" * {line}\n" for line in lines) + " */\n"


def row_contract(row):
    sentences = [row.meaning]
    if row.shape == "member" and row.cls.has_domain:
        changed = "Takes and changes *domain" if "nodomain" in row.flags else "Takes domain"
        sentences.append(f"{changed}, a domain's number.")
    return comment([*sentences, *arguments_contract(row.args), result_contract(row)])


def list_contract(cls):
    names = joined([row.constant_name for row in cls.rows])
    errors = ", ".join(f"-XEN_{name}: {why}" for name, why in implied_errors(None, cls.args))
    return comment([f"Operations of a list ({names}), in order, up to the first that fails.",
                    *arguments_contract(cls.args),
                    f"Returns 0; {errors}, or an error of the operation that failed."])


def make_wrappers(classes):
    out = [banner("libhypercall: one typed call per hypercall and sub-operation."),
           "/* Source: the Xen 4.17 PV ABI: include/public/hypercalls.tbl, docs/hypercalls.md. */\n"
           "#ifndef HYPERCALL_WRAPPERS_H\n#define HYPERCALL_WRAPPERS_H\n\n"
           "/*\n * Before this point the transport defines _hypercall0 .. _hypercall5(nr, ..) and\n"
           " * _hypercall_stage(pointer, size): where the next call passes a structure;\n"
           " * _hypercall_unstage(pointer, address, size): takes it back after that call.\n"
           " */\n",
           includes()]
    for cls in classes:
        out.append(f"\n/* ---- {cls.number} {cls.name} ---- */\n")
        if cls.select == "element":
            out.append(list_contract(cls) + plain_wrapper(cls, cls.name, cls.args, []))
            continue
        for row in cls.rows:
            if row.name in ("iret", "xsm_op", "xenpmu_op"):
                continue
            text = member_wrapper(row) if row.shape == "member" else wrapper(row)
            out.append(row_contract(row) + text)
    out.append("\n#endif\n")
    return "".join(out)


def make_trace(classes):
    out = [banner("Names of all rows, in the order of enum hypercall_id."),
           '#include "hypercall_trace.h"\n\n'
           "const struct hypercall_name hypercall_names[HYPERCALL_IDS] = {\n"]
    for row in all_rows(classes):
        sub = "HYPERCALL_NO_SUB" if row.number is None else str(row.number)
        out.append(f'    {{ {row.cls.number}, {sub}, "{row.name}" }},\n')
    out.append("};\n")
    return "".join(out)


def make_trace_header(_classes):
    return (banner("Number, sub-number and name of every row, for trace and counters.")
            + "#ifndef HYPERCALL_TRACE_H\n#define HYPERCALL_TRACE_H\n\n#include <stdint.h>\n"
            '#include "hypercall_numbers.h"\n\n'
            "#define HYPERCALL_NO_SUB 0xffff /* the number alone selects the row */\n\n"
            "struct hypercall_name {\n    uint16_t number, sub;\n    const char *name;\n};\n\n"
            "extern const struct hypercall_name hypercall_names[HYPERCALL_IDS];\n\n#endif\n")


def make_fuzz_header(_classes):
    return (banner("Shapes of all hypercalls, for fuzzers.")
            + "#ifndef HYPERCALL_FUZZ_H\n#define HYPERCALL_FUZZ_H\n\n"
            '#include "hypercall_trace.h"\n\n'
            "enum fuzz_kind { FUZZ_U16, FUZZ_U32, FUZZ_U64, FUZZ_I32, FUZZ_DOMID, FUZZ_MFN, "
            "FUZZ_VCPU,\n                 FUZZ_EXTENT, FUZZ_PTR, FUZZ_STRUCT };\n"
            "enum fuzz_select { FUZZ_NONE, FUZZ_CMD, FUZZ_EXTENT_CMD, FUZZ_ELEMENT, "
            "FUZZ_HEADER };\n\n"
            "struct fuzz_arg {\n    uint8_t kind;   /* enum fuzz_kind */\n"
            "    uint8_t in, out; /* directions */\n"
            "    uint32_t size;   /* bytes pointed at: of the structure or of one element */\n"
            "    uint64_t max;    /* largest value the dispatch lets through; 0: any */\n};\n\n"
            "struct fuzz_shape {\n    uint8_t select; /* enum fuzz_select */\n"
            "    uint8_t has_handler;\n    uint8_t dom0_only;\n    uint8_t nr_args;\n"
            "    struct fuzz_arg arg[6];\n};\n\n"
            "extern const struct fuzz_shape fuzz_shapes[HYPERCALL_IDS];\n\n#endif\n")


def make_fuzz(classes):
    out = [banner("Shapes of all hypercalls, for fuzzers."),
           '#include "hypercall_fuzz.h"\n', includes(),
           "\nconst struct fuzz_shape fuzz_shapes[HYPERCALL_IDS] = {\n"]
    for row in all_rows(classes):
        args = row.cls.args if row.shape == "element" else row.args
        select = {"none": "NONE", "cmd": "CMD", "extent": "EXTENT_CMD"}.get(
            row.cls.select, row.cls.select.upper())
        shapes = []
        for arg in args:
            size = f"sizeof({arg.c_target})" if arg.kind in ("ptr", "struct") else "0"
            limit = arg.limit[1] if arg.limit else "0"
            shapes.append(f"{{ FUZZ_{arg.kind.upper()}, {int('in' in arg.direction)}, "
                          f"{int('out' in arg.direction)}, {size}, {limit} }}")
        shapes = ", ".join(shapes) or "{ 0, 0, 0, 0, 0 }"
        out.append(f"    /* {row.name} */\n    {{ FUZZ_{select}, {int(row.has_handler)}, "
                   f"{int(row.who == 'dom0')}, {len(args)}, {{ {shapes} }} }},\n")
    out.append("};\n")
    return "".join(out)


# ---- manual ------------------------------------------------------------------------------------

DOC_HEAD = """# Hypercalls

Made from `include/public/hypercalls.tbl` by `scripts/hypercalls.py`: do not edit.

A guest kernel puts the number in RAX and up to six arguments in RDI, RSI, RDX, R10, R8 and R9,
executes SYSCALL, and finds the result in RAX: 0 or a value, or a negative error number of
`include/public/errno.h`. A 32-bit argument is the low half of its register. RCX and R11 are lost.
What is not listed answers `-ENOSYS`.

Errors that are not repeated below: `EFAULT` where a structure or list cannot be read or written,
`EPERM` for others than dom0 in a row for dom0, `EINVAL` for an argument beyond its bound, `ENOENT`
for a vCPU that does not exist, `ESRCH` for a target domain that does not exist, `EACCES` for a
wrong interface version.
"""

SELECT_TEXT = {
    "none": "",
    "cmd": "The first argument selects the operation.",
    "extent": "The first argument selects the operation in its bits 0-5; higher bits hold the "
              "extent to start at, 0 unless the call is repeated.",
    "element": "The arguments name a list; the `cmd` of each element selects the operation.",
    "header": "The argument points at a `struct {0}` whose `cmd` selects the operation and whose "
              "`interface_version` is `{1}`.",
}


def make_docs(classes):
    out = [DOC_HEAD]
    for cls in classes:
        out.append(f"\n## {cls.number} {cls.name}\n")
        text = SELECT_TEXT[cls.select].format(*cls.header)
        if text:
            out.append(f"\n{text}\n")
        if cls.args:
            out.append("".join(f"\n- {arg.describe()}" for arg in cls.args) + "\n")
        out.append("\n| nr | name | what it does | arguments | who | errors |\n"
                   "| --- | --- | --- | --- | --- | --- |\n")
        out += [doc_row(row) for row in cls.rows]
    return "".join(out)


def doc_row(row):
    number = "" if row.number is None else str(row.number)
    meaning = row.meaning + (f" Returns {row.result}." if row.result else "") \
        + (" Preemptible." if "preempt" in row.flags else "")
    args = "<br>".join(a.describe() for a in row.args)
    if row.answer == "0":
        errors = "none: always 0"
    elif row.answer:
        errors = f"always `{row.answer}`"
    else:
        errors = "<br>".join(f"`{name}` {text}" for name, text in row.errors)
    return f"| {number} | {row.constant_name} | {meaning} | {args} | {row.who} | {errors} |\n"


# ---- command line ------------------------------------------------------------------------------

OUTPUTS = {
    "hypercall_numbers.h": make_numbers,
    "hypercall_handlers.h": make_handlers,
    "hypercall_direct.h": make_direct,
    "hypercall_dispatch.c": make_dispatch,
    "hypercall_wrappers.h": make_wrappers,
    "hypercall_trace.h": make_trace_header,
    "hypercall_trace.c": make_trace,
    "hypercall_fuzz.h": make_fuzz_header,
    "hypercall_fuzz.c": make_fuzz,
}


def write(path, text):
    """Write only what changed, so that nothing is rebuilt without need; a new file, as the old one
    may be linked into another build."""
    if not os.path.exists(path) or open(path, encoding="utf-8").read() != text:
        with open(f"{path}.new", "w", encoding="utf-8") as out:
            out.write(text)
        os.replace(f"{path}.new", path)


def main(argv):
    if len(argv) != 4 or argv[2] not in ("gen", "docs", "check"):
        sys.stderr.write(__doc__)
        return 2
    table, action, target = argv[1:]
    try:
        classes = read_table(table)
    except (TableError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if action == "gen":
        os.makedirs(target, exist_ok=True)
        for name, make in OUTPUTS.items():
            write(os.path.join(target, name), make(classes))
    elif action == "docs":
        write(target, make_docs(classes))
    elif not os.path.exists(target) or open(target, encoding="utf-8").read() != make_docs(classes):
        sys.stderr.write(f"{target} is not up to date: {argv[0]} {table} docs {target}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
