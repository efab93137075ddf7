# SPDX-License-Identifier: MIT
"""Runs micro-guests on bochs: a second, stricter model of the processor than QEMU's.

Usage: bochs.py [--cpu MODEL] [--seconds N] [--counts FILE] NAME...

Each guest is dom0 of a machine with two processors that GRUB boots from a CD. Its outcome is the
line that it prints on the serial port, a file here; the machine is stopped when that line is there,
or when its time is over.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../../scripts")]

import grub_image  # noqa: E402

BUILD = os.environ.get("BUILD", "build")
OPTIONS = "console=com1 com1=115200 loglvl=all guest_loglvl=all"
OUTCOME = re.compile(rb"LAMINA-GUEST (success|skip|failure|error): ([^\r\n]*)[\r\n]")
FATAL = re.compile(rb"Lamina: (panic|[^\n]*crash)[^\n]*\n|Domain 0 \(vcpu#\d+\) crashed")
POLL_S = 0.2

# No sound, no screen: the remote display does not wait for anybody to look.
CONFIG = """\
config_interface: textconfig
display_library: rfb, options="timeout=0"
sound: driver=dummy
plugin_ctrl: speaker=0
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
megs: 256
cpu: model={cpu}, count=2, ips=50000000, reset_on_triple_fault=0
clock: sync=none
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path={base}.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev={base}.log
log: {base}.bochs
panic: action=report
error: action=ignore
info: action=ignore
debug: action=ignore
"""


def outcome_of(text):
    found = OUTCOME.search(text)
    if found:
        return found[1].decode(), found[2].decode()
    bad = FATAL.search(text)
    return ("error", bad[0].decode(errors="replace").strip()) if bad else None


def run_one(name, base, cpu, seconds):
    grub_image.build("multiboot", f"{BUILD}/lamina", OPTIONS,
                     [(f"{BUILD}/tests/guest/{name}.elf", "")], f"{base}.iso")
    with open(f"{base}.rc", "w", encoding="ascii") as file:
        file.write(CONFIG.format(cpu=cpu, base=base))
    # Debian's package has the debugger built in: it wants to be told to go on.
    with open(f"{base}.commands", "w", encoding="ascii") as file:
        file.write("c\n")
    open(f"{base}.log", "wb").close()
    with open(f"{base}.out", "wb") as out:
        process = subprocess.Popen(["bochs", "-q", "-f", f"{base}.rc", "-rc", f"{base}.commands"],
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    end = time.monotonic() + seconds
    try:
        while True:
            ended = process.poll() is not None
            with open(f"{base}.log", "rb") as log:
                outcome = outcome_of(log.read())
            if outcome:
                return outcome
            if ended:
                return "error", "the machine ended"
            if time.monotonic() >= end:
                return "error", f"no outcome within {seconds} s"
            try:
                process.wait(POLL_S)
            except subprocess.TimeoutExpired:
                pass
    finally:
        process.kill()
        process.wait()


def main():
    parser = argparse.ArgumentParser(description="run micro-guests on bochs")
    parser.add_argument("--cpu", default="corei7_haswell_4770", help="as bochs --help cpu lists")
    parser.add_argument("--seconds", type=int, default=90, help="for one guest")
    parser.add_argument("--counts", help="write 'passed failed skipped' here")
    parser.add_argument("names", nargs="+")
    options = parser.parse_args()
    logs = f"{BUILD}/tests/guest/logs-bochs"
    counts = {"success": 0, "skip": 0, "failure": 0, "error": 0}

    os.makedirs(logs, exist_ok=True)
    if not shutil.which("bochs"):
        print("bochs: not installed; run scripts/setup test")
        counts["skip"] = len(options.names)
        options.names = []
    for name in options.names:
        started = time.monotonic()
        base = f"{logs}/{name}"
        outcome, detail = run_one(name, base, options.cpu, options.seconds)
        counts[outcome] += 1
        seconds = time.monotonic() - started
        print(f"{outcome.upper():8}{name} ({seconds:.1f} s) {detail}", flush=True)
        if outcome in ("failure", "error"):
            with open(f"{base}.log", errors="replace") as text:
                sys.stdout.writelines(f"    {said}" for said in text.readlines()[-80:])
    bad = counts["failure"] + counts["error"]
    print(f"bochs: {counts['success']} passed, {bad} failed, {counts['skip']} skipped")
    if options.counts:
        os.makedirs(os.path.dirname(options.counts), exist_ok=True)
        with open(options.counts, "w", encoding="ascii") as file:
            file.write(f"{counts['success']} {bad} {counts['skip']}\n")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
