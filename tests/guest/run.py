# SPDX-License-Identifier: MIT
"""Runs the micro-guests, two at a time, each as dom0 of its own machine or as domU beside one.

Usage: run.py [--hypervisor {lamina,xen}] [--as {dom0,domU,both}] [--jobs N] [--repeat N]
              [--counts FILE] [--stop] [NAME ...]

A domU is made by tests/guest/launch, which shows its console. Beside it runs the victim, which must
notice nothing: launch has an outcome of its own.

A guest's outcome is the line it prints; a guest that prints none within the bound is an error.
The serial log of whatever did not succeed is shown.
"""

import argparse
import concurrent.futures
import glob
import gzip
import os
import re
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../system"), os.path.join(HERE, "../../scripts")]

import qemu  # noqa: E402
from guest import Failure, Guest  # noqa: E402

# The peer has something to say of each refused call, more than its console can bear.
OPTIONS = {"lamina": "console=com1 com1=115200 loglvl=all guest_loglvl=all",
           "xen": "console=com1 com1=115200 loglvl=all guest_loglvl=none"}
OUTCOME = r"LAMINA-GUEST (success|skip|failure|error): ([^\r\n]*)\r?\n"
# After these the guest will not say anything any more.
FATAL = re.compile(rb"Domain 0 \(vcpu#\d+\) crashed|Panic on CPU|Lamina: panic|"
                   rb"\(lamina\) d0[^\n]* crashed[^\n]*\n|unexpected trap [^\n]*\n")
BOUND_S = 60


def images(hypervisor):
    """The hypervisor's file; the peer is unpacked once."""
    if hypervisor == "lamina":
        return os.path.join(qemu.BUILD, "lamina")
    packed = os.path.join(os.environ.get("CACHE", "build/cache"), "root/boot/xen-4.17-amd64.gz")
    plain = os.path.join(qemu.BUILD, "tests/guest/xen")
    with gzip.open(packed) as source, open(plain, "wb") as target:
        shutil.copyfileobj(source, target)
    return plain


def modules(name, role):
    """The kernel of dom0, and for a domU its own behind it."""
    guest = (f"{qemu.BUILD}/tests/guest/{name}.elf", "")
    if role == "dom0":
        return [guest]
    return [(f"{qemu.BUILD}/tests/guest/launch/launch.elf", ""), guest]


def run_one(name, role, image, log, options):
    command = qemu.machine(cpus=options.cpus, memory=256)
    command += qemu.multiboot(image, OPTIONS[options.hypervisor], modules(name, role))
    guest = Guest(command, log)
    try:
        outcome, detail = (text.decode() for text in guest.expect(OUTCOME, BOUND_S, FATAL).groups())
        if role == "domU" and outcome in ("success", "skip"):
            after = guest.expect(OUTCOME, BOUND_S, FATAL)
            if after[1] != b"success":
                return "error", "something happened to the victim, or remained"
        return outcome, detail
    except Failure as failure:
        return "error", str(failure)
    finally:
        guest.stop()


def main():
    parser = argparse.ArgumentParser(description="run the micro-guests")
    parser.add_argument("--hypervisor", choices=["lamina", "xen"], default="lamina")
    parser.add_argument("--as", dest="role", choices=["dom0", "domU", "both"],
                        default="dom0")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--cpus", type=int, default=2, help="of the machine")
    parser.add_argument("--counts", help="write 'passed failed skipped' here")
    parser.add_argument("--stop", action="store_true", help="at the first that does not succeed")
    parser.add_argument("names", nargs="*", help="parts of names")
    options = parser.parse_args()

    found = glob.glob(f"{qemu.BUILD}/tests/guest/*.elf")
    built = sorted(os.path.basename(path)[:-4] for path in found)
    chosen = [n for n in built if not options.names or any(part in n for part in options.names)]
    if not chosen:
        sys.exit(f"no micro-guest matches {' '.join(options.names)}")
    image = images(options.hypervisor)
    roles = ["dom0", "domU"] if options.role == "both" else [options.role]
    jobs = [(name, role) for role in roles for name in chosen]
    logs = f"{qemu.BUILD}/tests/guest/logs-{options.hypervisor}"
    for role in roles:
        os.makedirs(f"{logs}-{role}", exist_ok=True)
    counts = {"success": 0, "skip": 0, "failure": 0, "error": 0}

    def job(name_and_role):
        name, role = name_and_role
        started = time.monotonic()
        log = f"{logs}-{role}/{name}.log"
        outcome, detail = run_one(name, role, image, log, options)
        return f"{name} as {role}", outcome, detail, log, time.monotonic() - started

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for name, outcome, detail, log, seconds in pool.map(job, jobs * options.repeat):
            counts[outcome] += 1
            print(f"{outcome.upper():8}{name} ({seconds:.1f} s) {detail}", flush=True)
            if outcome in ("failure", "error"):
                with open(log, errors="replace") as text:
                    sys.stdout.writelines(f"    {said}" for said in text.readlines()[-80:])
                if options.stop:
                    pool.shutdown(wait=True, cancel_futures=True)
                    break
    bad = counts["failure"] + counts["error"]
    print(f"guests: {counts['success']} passed, {bad} failed, {counts['skip']} skipped")
    if options.counts:
        os.makedirs(os.path.dirname(options.counts), exist_ok=True)
        with open(options.counts, "w") as file:
            file.write(f"{counts['success']} {bad} {counts['skip']}\n")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
