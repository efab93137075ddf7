# SPDX-License-Identifier: MIT
"""The manual page knows every command and every option, and the shell's help says the same."""

import re

import bench

PAGE = "dom0-tools/lamina/lamina.1"
SHARED = {"net-detach": "disk-detach"}  # "the options are those of ..."


def sections():
    """The text of the page below each ".Ss lamina COMMAND"."""
    with open(PAGE, encoding="utf-8") as file:
        parts = re.split(r"^\.S[sh] ", file.read(), flags=re.M)
    return {part.split()[1]: part for part in parts if part.startswith("lamina ")}


def missing_options(lamina, command, text):
    names = bench.run(lamina, ["help", "--list", command]).stdout.split()
    names = [name for name in names if name not in ("--help", "--json")]
    missing = [name for name in names if not re.search(rf"Fl Fl {name[2:]}\b", text)]
    return f"does not tell of {missing}" if missing else None


def results(build):
    lamina = f"{build}/bin/lamina"
    pages = sections()
    commands = bench.run(lamina, ["help", "--list"]).stdout.split()
    found = {"commands": None}
    if set(commands) != set(pages):
        found["commands"] = f"only one of page and program knows {set(commands) ^ set(pages)}"
    for command in set(commands) & set(pages):
        text = pages[command] + pages.get(SHARED.get(command, ""), "")
        found[command] = missing_options(lamina, command, text)
    return found
