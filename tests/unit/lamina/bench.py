# SPDX-License-Identifier: MIT
"""What the tests of the lamina command share: running it, and counting what was found."""

import contextlib
import os
import re
import subprocess
import tempfile


def run(lamina, arguments, text="", **environment):
    return subprocess.run([lamina, *arguments], input=text, capture_output=True, text=True,
                          timeout=60, env={**os.environ, "LC_ALL": "C.UTF-8", **environment})


def complaint(result, code, out, err):
    """What differs from the exit code and the patterns of both streams; None: nothing."""
    if result.returncode != code:
        return f"exit code {result.returncode}, expected {code}: {result.stderr}"
    for stream, pattern, found in (("output", out, result.stdout), ("error", err, result.stderr)):
        if not re.fullmatch(pattern, found):
            return f"standard {stream} is {found!r}, expected {pattern!r}"
    return None


@contextlib.contextmanager
def store(build):
    """A lamina-stored of its own; gives the path of its socket."""
    with tempfile.TemporaryDirectory(prefix="lamina-store-") as folder:
        socket = os.path.join(folder, "socket")
        log = open(os.path.join(folder, "log"), "w+", encoding="utf-8")
        daemon = subprocess.Popen(
            [f"{build}/lamina-stored", "--foreground", "--no-domains", "--socket", socket,
             "--read-only-socket", socket + "_ro", "--state", os.path.join(folder, "state"),
             "--pid-file", os.path.join(folder, "pid")],
            stdout=log, stderr=log)
        try:
            yield socket
        finally:
            daemon.terminate()
            daemon.wait(10)
            log.close()


def report(title, results, counts):
    """Prints what is wrong, adds to the file of counts; the exit code."""
    for name, what in results.items():
        if what:
            print(f"{title}: {name}: {what}")
    bad = sum(1 for what in results.values() if what)
    with open(counts, "w", encoding="ascii") as file:
        file.write(f"{len(results) - bad} {bad} 0\n")
    print(f"{title}: {len(results)} cases, {bad} bad")
    return 1 if bad else 0
