# SPDX-License-Identifier: MIT
"""Runs the system tests: whole machines in QEMU, two at a time.

Usage: run.py [--hypervisor {lamina,xen,native}] [--list] [--jobs N] [--repeat N] [PATTERN ...]

A PATTERN is part of a case's name. A case whose machine reports checks of its own, as lines
"LAMINA-CHECK ok NAME" or "LAMINA-CHECK not ok NAME: why", counts as so many. The same cases run on
Lamina, on the peer (Xen 4.17) and on no hypervisor at all, where they make sense: what fails
everywhere is the test's own fault.
"""

import argparse
import concurrent.futures
import gzip
import math
import os
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../../scripts")]

import grub_image  # noqa: E402
import qemu  # noqa: E402
import domu_cases  # noqa: E402, F401
from cases import CASES  # noqa: E402
from guest import Failure, Guest, emulated  # noqa: E402

XEN_OPTIONS = "console=com1 com1=115200 loglvl=all spec-ctrl=eager-fpu"
LAMINA_OPTIONS = "console=com1 com1=115200 loglvl=all guest_loglvl=all"
LOG_TAIL = 120


class Bench:
    """Where images come from and where logs go."""

    def __init__(self, hypervisor, patience, folder):
        self.hypervisor = hypervisor
        self.patience = patience
        self.folder = folder
        self.logs = os.path.join(qemu.BUILD, "tests/system", hypervisor)
        os.makedirs(self.logs, exist_ok=True)
        images = os.path.join(qemu.BUILD, "images")
        self.images = images
        self.vmlinux = os.path.join(images, "vmlinux")
        self.vmlinuz = os.path.join(images, "vmlinuz")
        self.initrd = os.path.join(images, "initramfs.cpio.gz")
        self.image = self._hypervisor_image()

    def _hypervisor_image(self):
        if self.hypervisor != "xen":
            return os.path.join(qemu.BUILD, "lamina")
        cache = os.environ.get("CACHE", "build/cache")
        packed = os.path.join(cache, "root/boot/xen-4.17-amd64.gz")
        plain = os.path.join(self.folder, "xen")
        with gzip.open(packed) as source, open(plain, "wb") as target:
            shutil.copyfileobj(source, target)
        return plain

    def scratch(self, name, size):
        """A new sparse file of `size` bytes."""
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.truncate(size)
        return path

    def modules(self, case):
        if case.modules is not None:
            return case.modules(self)
        arguments = f"console=hvc0 {case.arguments(self)}".strip()
        if self.patience > 1:
            arguments += f" lamina.patience={math.ceil(self.patience)}"
        return [(self.vmlinux, arguments), (self.initrd, "")]

    def boot(self, case, name):
        """QEMU's arguments for the case's way of booting."""
        if self.hypervisor == "native":
            arguments = f"console=ttyS0 {case.arguments(self)}".strip()
            return qemu.linux(self.vmlinuz, self.initrd, arguments)
        options = XEN_OPTIONS if self.hypervisor == "xen" else LAMINA_OPTIONS
        options = f"{options} {case.options}".strip()
        if case.boot == "qemu":
            return qemu.multiboot(self.image, options, self.modules(case))
        protocol, _, firmware = case.boot.partition("-")
        iso = os.path.join(self.folder, f"{name}.iso")
        grub_image.build(protocol, self.image, options, self.modules(case), iso,
                         case.grub_first)
        words = qemu.cdrom(iso)
        if firmware == "uefi":
            variables = os.path.join(self.folder, f"{name}.vars")
            shutil.copy(os.path.join(qemu.OVMF, "OVMF_VARS_4M.fd"), variables)
            words += qemu.uefi(variables)
        return words

    def start(self, case, name):
        command = [*qemu.machine(case.machine, case.cpus, case.memory), "-no-reboot",
                   *self.boot(case, name), *case.devices(self, name)]
        return Guest(command, self.log(name), self.patience)

    def log(self, name):
        return os.path.join(self.logs, f"{name}.log")


def reported_checks(guest):
    """What the machine said of its own checks: (passed, the lines of those that failed)."""
    passed = len(guest.said(r"(?m)^LAMINA-CHECK ok "))
    failed = guest.said(r"(?m)^LAMINA-CHECK not ok ([^\r\n]*)")
    return passed, [line.decode("utf-8", "replace") for line in failed]


def run_case(bench, case, name):
    """Returns the case's Guest, if it came so far, and (why it failed or None, passed and failed
    checks)."""
    guest, why, passed, failed = None, None, 0, []
    try:
        guest = bench.start(case, name)
        case.body(guest)
        why = guest.trouble() if case.quiet else None
    except Failure as failure:
        why = str(failure)
        if guest:
            guest.note_state()
    finally:
        if guest:
            guest.stop()
            passed, failed = reported_checks(guest)
    if failed:
        why = f"not ok: {'; '.join(failed)}"
    counts = (passed, max(len(failed), bool(why))) if passed or failed else (not why, bool(why))
    return guest, (why, counts)


def print_log(path):
    with open(path, "rb") as file:
        lines = file.read().decode("utf-8", "replace").replace("\r", "").splitlines()
    print(f"    --- {path}, the last {min(len(lines), LOG_TAIL)} of {len(lines)} lines")
    for line in lines[-LOG_TAIL:]:
        print("    | " + line)


def select(hypervisor, patterns):
    def chosen(case):
        if case.soak:
            return case.name in patterns
        return not patterns or any(pattern in case.name for pattern in patterns)
    return [case for case in CASES if hypervisor in case.hypervisors and chosen(case)]


def run_all(bench, cases, jobs, repeat):
    """Runs the cases; returns how many checks passed and failed."""
    passed, failed = 0, 0
    names = [(case, case.name if repeat == 1 else f"{case.name}.{turn + 1}")
             for turn in range(repeat) for case in cases]

    def job(case, name):
        begin = time.monotonic()
        result = emulated(lambda: run_case(bench, case, name))
        return *result, time.monotonic() - begin

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(job, case, name): name for case, name in names}
        for future in concurrent.futures.as_completed(running):
            name = running[future]
            why, counts, seconds = future.result()
            passed, failed = passed + counts[0], failed + counts[1]
            checks = f", {sum(counts)} checks" if sum(counts) > 1 else ""
            print(f"{'FAIL' if why else 'PASS'} {name} ({seconds:.0f} s{checks})"
                  + (f": {why}" if why else ""), flush=True)
            if why:
                print_log(bench.log(name))
    print(f"system ({bench.hypervisor}): {passed} passed, {failed} failed")
    return passed, failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hypervisor", choices=["lamina", "xen", "native"], default="lamina")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--patience", type=float, default=1.0, help="factor for every bound")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--counts", metavar="FILE")
    parser.add_argument("patterns", nargs="*", metavar="PATTERN")
    options = parser.parse_args()
    cases = select(options.hypervisor, options.patterns)
    if options.list:
        print("\n".join(case.name for case in cases))
        return 0
    if not cases:
        sys.exit("run.py: no case has such a name")
    with tempfile.TemporaryDirectory(prefix="lamina-system-") as folder:
        bench = Bench(options.hypervisor, options.patience, folder)
        passed, failed = run_all(bench, cases, options.jobs, options.repeat)
    if options.counts:
        os.makedirs(os.path.dirname(options.counts), exist_ok=True)
        with open(options.counts, "w", encoding="ascii") as file:
            file.write(f"{passed} {failed} 0\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
