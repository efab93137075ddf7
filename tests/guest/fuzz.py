# SPDX-License-Identifier: MIT
"""Runs the fuzzing guest: attackers beside a victim, until the time is over or something breaks.

Usage: fuzz.py [--hypervisor {lamina,xen}] [--seconds N] [--seed N] [--seeds N] [--steps N]
               [--counts FILE]

Each seed is one attacker. Without --seed the first is taken from the clock. A failure ends with the
seed and with the command that repeats it.
"""

import argparse
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../system"), os.path.join(HERE, "../../scripts")]

import qemu  # noqa: E402
from guest import Failure, Guest  # noqa: E402
from run import FATAL, OUTCOME, images  # noqa: E402

# Of the guests' log levels nothing: attackers are refused things all the time.
OPTIONS = "console=com1 com1=115200 noreboot"
ELF = f"{qemu.BUILD}/tests/guest/fuzz/fuzz.elf"
AUDIT = r"memory: \d+ of \d+ frames free, counts (\w+)"


def fuzz(options, seed, log):
    """Failure with the reason; else the guest's own summary."""
    words = f"seed={seed} seconds={options.seconds} steps={options.steps}"
    if options.seeds:
        words += f" seeds={options.seeds}"
    command = qemu.machine(cpus=2, memory=256)
    command += qemu.multiboot(images(options.hypervisor), OPTIONS, [(ELF, words), (ELF, "")])
    guest = Guest(command, log)
    try:
        # The guest counts its own seconds; a busy machine makes them longer.
        outcome = guest.expect(OUTCOME, options.seconds * 4 + 120, FATAL)
        summary = guest.said(r"LAMINA-FUZZ (\d+ steps[^\r\n]*)")
        audit = guest.said(AUDIT)
        if outcome[1] != b"success":
            raise Failure(outcome[0].decode().strip())
        if options.hypervisor == "lamina" and audit[-1:] != [b"consistent"]:
            raise Failure("the hypervisor's counts do not hold")
        if guest.trouble():
            raise Failure(guest.trouble())
        return summary[-1].decode()
    finally:
        seeds = guest.said(r"LAMINA-FUZZ seed (\d+)")
        options.last = int(seeds[-1]) if seeds else seed
        guest.stop()


def main():
    parser = argparse.ArgumentParser(description="run the fuzzing guest")
    parser.add_argument("--hypervisor", choices=["lamina", "xen"], default="lamina")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, help="of the first attacker")
    parser.add_argument("--seeds", type=int, default=0, help="how many; 0: as time allows")
    parser.add_argument("--steps", type=int, default=1500, help="of each attacker")
    parser.add_argument("--counts", help="write 'passed failed skipped' here")
    options = parser.parse_args()

    seed = options.seed if options.seed is not None else int(time.time())
    log = f"{qemu.BUILD}/tests/guest/fuzz/{options.hypervisor}.log"
    try:
        print(f"seeds from {seed}: {fuzz(options, seed, log)}")
        good = True
    except Failure as failure:
        good = False
        with open(log, errors="replace") as text:
            sys.stdout.writelines(f"    {line}" for line in text.readlines()[-60:])
        print(f"fuzz-guest: seed {options.last}: {failure}")
        print(f"repeat it: make fuzz-guest SEED={options.last}")
    if options.counts:
        os.makedirs(os.path.dirname(options.counts), exist_ok=True)
        with open(options.counts, "w", encoding="ascii") as file:
            file.write("1 0 0\n" if good else "0 1 0\n")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
