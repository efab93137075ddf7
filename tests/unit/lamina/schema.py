# SPDX-License-Identifier: MIT
"""Just enough of JSON Schema to hold listings to dom0-tools/lamina/lamina.schema.json.

A keyword that is not known here is an error, so that nothing in the schema goes unchecked.
"""

import re

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
         "integer": int, "number": (int, float)}
SILENT = {"$schema", "$defs", "$comment", "title", "description"}


def has_type(value, name):
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def check_type(value, wanted, where, root):
    names = wanted if isinstance(wanted, list) else [wanted]
    if not any(has_type(value, name) for name in names):
        yield f"{where}: {value!r} is no {' or '.join(names)}"


def check_enum(value, wanted, where, root):
    if value not in wanted:
        yield f"{where}: {value!r} is none of {wanted}"


def check_pattern(value, wanted, where, root):
    if isinstance(value, str) and not re.search(wanted, value):
        yield f"{where}: {value!r} does not match {wanted}"


def check_minimum(value, wanted, where, root):
    if isinstance(value, (int, float)) and value < wanted:
        yield f"{where}: {value} is below {wanted}"


def check_required(value, wanted, where, root):
    yield from (f"{where}: no {name}" for name in wanted if name not in value)


def check_properties(value, wanted, where, root):
    for name in value:
        if name in wanted:
            yield from faults(value[name], wanted[name], f"{where}/{name}", root)


def check_items(value, wanted, where, root):
    for index, item in enumerate(value):
        yield from faults(item, wanted, f"{where}/{index}", root)


def check_ref(value, wanted, where, root):
    yield from faults(value, root["$defs"][wanted.removeprefix("#/$defs/")], where, root)


def check_one_of(value, wanted, where, root):
    if sum(1 for schema in wanted if not list(faults(value, schema, where, root))) != 1:
        yield f"{where}: fits no form, or more than one"


KEYWORDS = {"type": check_type, "enum": check_enum, "pattern": check_pattern,
            "minimum": check_minimum, "required": check_required,
            "properties": check_properties, "items": check_items, "$ref": check_ref,
            "oneOf": check_one_of}


def faults(value, schema, where, root):
    """Every way in which the value is not what the schema wants."""
    wrong_type = list(check_type(value, schema["type"], where, root)) if "type" in schema else []
    if wrong_type:
        yield from wrong_type
        return
    for keyword, wanted in schema.items():
        if keyword in SILENT:
            continue
        if keyword == "additionalProperties":
            extra = set() if wanted else set(value) - set(schema["properties"])
            yield from (f"{where}: {name} is not in the schema" for name in sorted(extra))
        else:
            yield from KEYWORDS[keyword](value, wanted, where, root)
