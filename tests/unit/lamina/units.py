# SPDX-License-Identifier: MIT
"""Runs the unit tests beside this file that are C programs; each of their checks counts."""

import re
import subprocess

PROGRAMS = ["sample"]


def outcome(program):
    result = subprocess.run([program], capture_output=True, text=True, timeout=60)
    match = re.search(r"Checks: (\d+), Failures: (\d+), Errors: (\d+)", result.stdout)
    good = result.returncode == 0 and match and match[1] != "0"
    return None if good else result.stdout + result.stderr


def results(build):
    return {name: outcome(f"{build}/tests/unit/lamina/{name}") for name in PROGRAMS}
