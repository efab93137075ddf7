# SPDX-License-Identifier: MIT
"""What bash offers after the TAB key."""

import os
import subprocess

import bench

SCRIPT = "dom0-tools/lamina/completion.bash"

# Asks the function as bash does and prints what it offers.
ASK = """
. "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_lamina 2>/dev/null
printf '%s\\n' "${COMPREPLY[@]}" | sort
"""

NODES = {
    "/lamina/domain/1/name": "web",
    "/lamina/domain/3/name": "two words",
    "/lamina/domain/1/device/disk/51712/target": "xvda",
    "/lamina/domain/1/device/disk/51728/target": "xvdb",
    "/lamina/domain/1/device/interface/0/target": "vif1.0",
}

# What is typed, and what must be offered; a set: these at least.
CASES = [
    (["lamina", "vali"], ["validate"]),
    (["lamina", ""], {"list", "top", "store", "check", "help"}),
    (["lamina", "help", "domi"], ["domid", "dominfo"]),
    (["lamina", "validate", "--st"], ["--strict"]),
    (["lamina", "list", "--"], {"--long", "--names", "--json", "--help"}),
    (["lamina", "dominfo", "w"], ["web"]),
    (["lamina", "list", "web", "Dom"], ["Domain-0"]),
    (["lamina", "vcpu-list", "--json", "w"], ["web"]),
    (["lamina", "domid", "two"], ["two words"]),
    (["lamina", "validate", "tests/unit/config/samples/m"],
     ["tests/unit/config/samples/minimal.xml"]),
    (["lamina", "validate", "tests/unit/config/sam"], ["tests/unit/config/samples"]),
    (["lamina", "validate", "LIC"], []),
    (["lamina", "create", "--kernel", "LIC"], ["LICENSE"]),
    (["lamina", "create", "docs/examples/he"], ["docs/examples/hello.xml"]),
    (["lamina", "destroy", "web", "w"], ["web"]),
    (["lamina", "store", "r"], ["read", "rm"]),
    (["lamina", "info", ""], []),
    (["lamina", "disk-detach", "web", ""], ["xvda", "xvdb"]),
    (["lamina", "disk-detach", "-f", "--timeout", "5", "web", "xvdb"], ["xvdb"]),
    (["lamina", "disk-detach", "--timeout", "5", "we"], ["web"]),
    (["lamina", "disk-detach", "two words", ""], []),
    (["lamina", "net-detach", "web", ""], ["vif1.0"]),
]


def offered(environment, words):
    result = subprocess.run(["bash", "-c", ASK, "bash", SCRIPT, *words], capture_output=True,
                            text=True, timeout=60, env={**os.environ, **environment})
    return [line for line in result.stdout.split("\n") if line]


def wrong(environment, words, expected):
    found = offered(environment, words)
    if isinstance(expected, set):
        return f"{sorted(expected - set(found))} is missing" if expected - set(found) else None
    return None if found == expected else f"offers {found}, expected {expected}"


def results(build):
    folder = os.path.abspath(f"{build}/tests/unit/lamina")
    with bench.store(build) as socket:
        environment = {"XENSTORED_PATH": socket, "PATH": folder + ":" + os.environ["PATH"]}
        for path, name in NODES.items():
            bench.run("lamina", ["store", "write", path, name], **environment)
        return {" ".join(words): wrong(environment, words, expected)
                for words, expected in CASES}
