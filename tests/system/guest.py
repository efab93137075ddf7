# SPDX-License-Identifier: MIT
"""One virtual machine under test: its serial console, its end, and its log.

Nothing here sleeps: every wait is for text on the console or for the end of the machine, and has
a bound. Console text is also written to a log, which the runner prints when the case fails.
"""

import json
import os
import queue
import re
import signal
import socket
import subprocess
import threading
import time


class Failure(Exception):
    """What went wrong, in one line."""


# After these the machine will not do what a case waits for.
FATAL = re.compile(rb"Kernel panic - not syncing|\(lamina\) panic:|\(lamina\) d0 crashed|"
                   rb"Panic on CPU|LAMINA-TEST \w+ not ok[^\n]*\n")

# How QEMU says that it has failed itself.
ASSERTION = re.compile(rb"(?m)qemu-system[^\n]*: Assertion `[^\n]*' failed\.$")

# A healthy machine says nothing like these, even if it then goes on.
TROUBLE = re.compile(rb"^[^\n]*(?:WARNING:|BUG:|kernel BUG|Oops|Call Trace|"
                     rb"soft lockup|self-detected stall|blocked for more than|"
                     rb"general protection|segfault|unchecked MSR|\(lamina\) panic:|"
                     rb"(?i:\bfail(?:ed|ure)?\b))[^\n]*$", re.M)

# Not so these: QEMU's firmware tables, which native Linux remarks on as well; machine checks, which
# only the owner of the processors can report; a profiler that Xen finds no counters for; and GRUB
# about UEFI without a screen.
HARMLESS = re.compile(rb"fail to add MMCONFIG information|xen_mcelog: Failed to get CPU numbers|"
                      rb"xenoprof: Initialization failed|"
                      rb"WARNING: no console will be available to OS")


class Guest:
    def __init__(self, command, log, patience=1.0):
        self.patience = patience
        self.seen = b""         # everything that the console said
        self.position = 0       # what expect() has consumed of it
        self.shutdown_reason = None
        self.changed = threading.Condition()
        self.closed = False
        self.log = open(log, "wb", buffering=0)
        self.resets = log.removesuffix(".log") + ".resets"
        self.state = log.removesuffix(".log") + ".state"
        ours, theirs = socket.socketpair()
        fd = theirs.fileno()
        command = [*command, "-d", "cpu_reset", "-D", self.resets,
                   "-chardev", "stdio,id=console,signal=off,mux=off",
                   "-serial", "chardev:console",
                   "-chardev", f"socket,id=qmp,fd={fd}", "-mon", "chardev=qmp,mode=control"]
        self.log.write(("$ " + " ".join(command) + "\n").encode())
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, pass_fds=[fd], bufsize=0)
        theirs.close()
        self.qmp = ours
        self.answers = queue.Queue()
        self.threads = [threading.Thread(target=self._read_console, daemon=True),
                        threading.Thread(target=self._read_events, daemon=True)]
        for thread in self.threads:
            thread.start()
        self._ask("qmp_capabilities")

    def _read_console(self):
        while chunk := os.read(self.process.stdout.fileno(), 65536):
            self.log.write(chunk)
            with self.changed:
                self.seen += chunk
                self.changed.notify_all()
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def _read_events(self):
        """QEMU tells why the machine ended: "guest-shutdown", "guest-reset" or "guest-panic"."""
        try:
            for line in self.qmp.makefile("rb"):
                message = json.loads(line)
                if message.get("event") == "SHUTDOWN":
                    self.shutdown_reason = message["data"]["reason"]
                elif "return" in message or "error" in message:
                    self.answers.put(message.get("return"))
        except (OSError, ValueError):
            pass
        self.answers.put(None)

    def _ask(self, command, **arguments):
        """QEMU's answer to a command of its machine protocol; None if it gives none."""
        message = {"execute": command, "arguments": arguments}
        try:
            self.qmp.sendall(json.dumps(message).encode() + b"\n")
            return self.answers.get(timeout=30 * self.patience)
        except (OSError, queue.Empty):
            return None

    def _wait(self, condition, seconds, what):
        """Waits until condition() gives something true; holds self.changed while it looks."""
        end = time.monotonic() + seconds * self.patience
        with self.changed:
            while not (result := condition()):
                if self.closed:
                    raise Failure(f"the machine ended before {what}")
                if not self.changed.wait(end - time.monotonic()) and time.monotonic() >= end:
                    raise Failure(f"no {what} within {seconds * self.patience:.0f} s")
        return result

    def expect(self, pattern, seconds=60, fatal=FATAL):
        """Waits for a regular expression on the console; returns the match."""
        wanted = re.compile(pattern.encode())

        def look():
            found = wanted.search(self.seen, self.position)
            if found:
                self.position = found.end()
                return found
            bad = fatal.search(self.seen, self.position) if fatal else None
            if bad:
                line = self.seen[self.seen.rfind(b"\n", 0, bad.start()) + 1:]
                text = line.split(b"\n")[0].decode("utf-8", "replace").strip()
                raise Failure(f"before '{pattern}' came: {text}")
            return None

        return self._wait(look, seconds, f"'{pattern}'")

    def said(self, pattern):
        """All matches in what the console said so far."""
        return re.findall(pattern.encode(), self.seen)

    def send(self, text):
        """Types on the console; QEMU holds back what the machine does not take."""
        data = text.encode()
        while data:
            data = data[self.process.stdin.write(data):]

    def expect_end(self, reason, seconds=60):
        """Waits for the machine to end by itself, for the reason that QEMU gives."""
        try:
            self.process.wait(seconds * self.patience)
        except subprocess.TimeoutExpired:
            raise Failure(f"the machine does not end ({reason} expected)") from None
        for thread in self.threads:
            thread.join(10)
        if self.shutdown_reason != reason:
            raise Failure(f"the machine ended by {self.shutdown_reason}, not {reason}")

    def expect_halt(self, seconds=30):
        """Waits until every processor stands at HLT with interrupts off: the end without reset."""
        end = time.monotonic() + seconds * self.patience
        while time.monotonic() < end:
            text = self._ask("human-monitor-command", **{"command-line": "info registers -a"})
            if text is None:
                raise Failure("the machine ended instead of halting")
            flags = [int(word, 16) for word in re.findall(r"\bRFL=([0-9a-f]+)", text)]
            if "HLT=0" not in text and flags and not any(flag & 0x200 for flag in flags):
                return
        raise Failure("the machine does not halt")

    def trace(self, items):
        """What QEMU writes into `resets` from now on, in the words of its option -d."""
        self._ask("human-monitor-command", **{"command-line": f"log {items}"})

    def note_state(self):
        """Writes into `state` what the processors and interrupt controllers of a machine do that
        still runs, but does not do what it should."""
        registers = self._ask("human-monitor-command", **{"command-line": "info registers -a"})
        if registers is None:
            return
        with open(self.state, "w", encoding="utf-8") as file:
            file.write(registers)
            for what in ("pic", *(f"lapic {cpu}" for cpu in range(registers.count("CPU#")))):
                text = self._ask("human-monitor-command", **{"command-line": f"info {what}"})
                file.write(f"info {what}\n{text}\n")

    def trouble(self):
        """What is wrong although the case got what it waited for, in one line; or None."""
        with open(self.resets, "rb") as file:
            if b"Triple fault" in file.read():
                return "triple fault"
        for found in TROUBLE.finditer(self.seen.replace(b"\r", b"")):
            if not HARMLESS.search(found[0]):
                return found[0].decode("utf-8", "replace").strip()
        return None

    def emulator_fault(self):
        """What QEMU, not the machine, failed by, in one line; or None. For after stop()."""
        found = ASSERTION.search(self.seen)
        if found and self.process.returncode == -signal.SIGABRT:
            return found[0].decode("utf-8", "replace")
        return None

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for thread in self.threads:
            thread.join(10)
        self.qmp.close()
        self.log.close()


def emulated(run):
    """The result of run(), which returns it behind its Guest, stopped, or None. Runs it once more
    if QEMU itself failed: processors that meet a change of the memory map may end it (its issue
    1921). What fails in the same way again is the result."""
    guest, result = run()
    fault = guest.emulator_fault() if guest else None
    if fault:
        print(f"begun again: {fault}", flush=True)
        _, result = run()
    return result
