# SPDX-License-Identifier: MIT
"""Measures what docs/figures.md lists, prints the table and writes that file.

Usage: figures.py [quick]     quick leaves out what runs inside a Linux dom0 and its domains

Counts of instructions come from QEMU with -icount shift=0: one instruction is one tick of the time
stamp counter, so that a run gives the same numbers on every machine. Lamina, the peer (Xen 4.17)
and, for Linux, no hypervisor at all are measured in one go with the same guest and kernel.
"""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "../tests/system"))

import instructions  # noqa: E402
import qemu  # noqa: E402
from guest import Failure, Guest  # noqa: E402

CACHE = os.environ.get("CACHE", "build/cache")
WORK = os.path.join(qemu.BUILD, "figures")
BENCH = os.path.join(qemu.BUILD, "tests/bench")
IMAGES = os.path.join(qemu.BUILD, "images")
OUT = "docs/figures.md"
# SMAP would add STAC and CLAC to either side; this QEMU cannot count over x2APIC's timer register.
CPU = "max,-smap,-x2apic"
# The RTC runs on the machine's own time, too: waiting for its next second must always be as long.
ICOUNT = ["-cpu", CPU, "-icount", "shift=0,sleep=off", "-rtc", "base=2036-01-01T00:00:00,clock=vm"]
OPTIONS = {"lamina": "console=com1 com1=115200 loglvl=all",
           "xen": "console=com1 com1=115200 loglvl=all spec-ctrl=eager-fpu"}
MIB = 1 << 20
BOUND_S = {"bench": 300, "linux": 1200, "domains": 900}

# name, what it is, the aim, what Xen 4.17 was measured at where this run cannot tell (or None)
ROWS = [
    ("sloc", "lines of code in ring 0 (cloc: C, headers, assembly)", 15000, 113824),
    ("image", "boot file, bytes", None, None),
    ("image_memory", "its text, data and bss in memory, bytes", None, None),
    ("kept", "memory kept on a 2 GiB machine, MiB", 16, 23.0),
    ("power_on", "instructions, power-on to dom0's first, millions", 150, None),
    ("null_hypercall", "null hypercall (xen_version)", 60, None),
    ("null_syscall", "system call from user mode, in and out", 100, None),
    ("exception_user_bp", "exception of user mode, in and out (#BP)", 130, None),
    ("exception_user_pf", "page fault of user mode, in and out", 130, None),
    ("exception_kernel_bp", "exception of the kernel, in and out (#BP)", 130, None),
    ("exception_kernel_ud", "exception of the kernel, in and out (#UD)", None, None),
    ("exception_kernel_pf", "page fault of the kernel, in and out", 130, None),
    ("pte_trapped_flags", "trapped page-table write, flags change", 600, None),
    ("pte_trapped_general", "trapped page-table write, set and cleared", 600, None),
    ("mmu_update_flags", "batched entry, accessed and dirty only", 170, None),
    ("mmu_update_protect", "batched entry, writable to read-only and back", 170, None),
    ("mmu_update_replace", "batched entry, one frame for another", 170, None),
    ("mmu_update_general", "batched entry, set and cleared", 170, None),
    ("update_va_mapping", "update_va_mapping, no flush", None, None),
    ("new_baseptr_pair", "both page-table roots set again", None, None),
    ("pin_l1_empty", "an L1 table pinned, no entry present", None, None),
    ("unpin_l1_empty", "and unpinned", None, None),
    ("pin_l1_full", "an L1 table pinned, 512 writable mappings", None, None),
    ("unpin_l1_full", "and unpinned", None, None),
    ("event_masked", "event sent to oneself, upcalls masked", None, None),
    ("event_upcall", "event sent to oneself, with its upcall", None, None),
]
# name, what it is, the aim
DOMAIN_ROWS = [
    ("create_plain", "a domain of 128 MiB created, instructions, millions", 120),
    ("create_plain_hypervisor", "the hypervisor's among them", 40),
    ("create_devices", "the same domain with a disk and an interface", None),
    ("daemon_wake_ups", "wake-ups of all daemons in 10 s beside a domain that is quiet", 0),
]
# name, what it is, the aim for the hypervisor's share
LINUX_ROWS = [
    ("linux_null_syscall", "null system call", 100),
    ("linux_anonymous_fault", "anonymous page fault", 600),
    ("linux_mprotect_page", "mprotect, a page", None),
    ("linux_munmap_page", "munmap, a page", None),
    ("linux_fork_wait", "fork, exit and wait", None),
    ("linux_fork_exec_wait", "fork, exec, exit and wait", None),
    ("linux_pipe_round_trip", "a byte to another process and back", None),
]


def say(text):
    print(f"figures: {text}", file=sys.stderr, flush=True)


def peer_image():
    path = os.path.join(WORK, "xen")
    with gzip.open(os.path.join(CACHE, "root/boot/xen-4.17-amd64.gz")) as source:
        with open(path, "wb") as target:
            shutil.copyfileobj(source, target)
    return path


def machine(memory):
    return qemu.machine(cpus=1, memory=memory) + ICOUNT + ["-no-reboot"]


def run(name, command, ending, seconds):
    """Runs one machine; returns what it said on its console."""
    guest = Guest(command, os.path.join(WORK, f"{name}.log"))
    try:
        found = guest.expect(ending, seconds)
        if found[1] not in (b"success", b"ok"):
            raise Failure(found[0].decode())
        return guest.seen.decode("utf-8", "replace")
    except Failure as failure:
        sys.exit(f"figures: {name}: {failure} (see {guest.log.name})")
    finally:
        guest.stop()


def figures_of(text):
    return {name: int(value) for name, value in re.findall(r"FIGURE (\w+) (\d+)", text)}


def measure_guest(hypervisor, image):
    """The bench guest, and once more as large as a kernel and with an initrd, for the boot."""
    say(f"the measuring guest on {hypervisor}")
    ending = r"LAMINA-GUEST (\w+): [^\r\n]*"
    text = run(f"bench-{hypervisor}", machine(2048) + qemu.multiboot(
        image, OPTIONS[hypervisor], [(f"{BENCH}/bench.elf", "")]), ending, BOUND_S["bench"])
    values = figures_of(text)
    if values["loop"] != 2:
        sys.exit(f"figures: a turn of two instructions took {values['loop']} ticks: no icount?")
    kept = re.search(r"memory: (\d+) KiB RAM, (\d+) KiB kept", text)
    if kept:
        values["kept"] = round(int(kept[2]) / 1024, 1)
    say(f"power-on to dom0's first instruction on {hypervisor}")
    modules = [(f"{BENCH}/bench-large.elf", "")]
    initrd = os.path.join(IMAGES, "initramfs.cpio.gz")
    if os.path.exists(initrd):
        modules.append((initrd, ""))
    text = run(f"boot-{hypervisor}", machine(2048) + qemu.multiboot(
        image, OPTIONS[hypervisor], modules), ending, BOUND_S["bench"])
    values["power_on"] = round(figures_of(text)["first_instruction"] / 1e6, 1)
    return values


def measure_linux(hypervisor, image):
    say(f"Linux, {hypervisor}")
    initrd = os.path.join(IMAGES, "initramfs.cpio.gz")
    arguments = "loglevel=4 lamina.test=bench"
    if hypervisor == "native":
        words = qemu.linux(f"{IMAGES}/vmlinuz", initrd, f"console=ttyS0 {arguments}")
    else:
        words = qemu.multiboot(image, OPTIONS[hypervisor], [
            (f"{IMAGES}/vmlinux", f"console=hvc0 {arguments}"), (initrd, "")])
    return figures_of(run(f"linux-{hypervisor}", machine(2048) + words,
                          r"LAMINA-TEST bench (ok)", BOUND_S["linux"]))


def measure_domains(image):
    """Creations in a dom0 with the tools; see tests/system/domu/creation.sh."""
    say("creation of domains")
    command = machine(2048) + qemu.multiboot(image, OPTIONS["lamina"] + " dom0_mem=640M", [
        (f"{IMAGES}/vmlinux", "console=hvc0 loglevel=4 lamina.test=creation"),
        (f"{IMAGES}/initramfs.cpio.gz", "")])
    for name, mode in (("tools", "readonly=on"), ("data", "snapshot=on")):
        command += qemu.disk(f"{IMAGES}/{name}.img", "virtio-blk-pci", name, mode)
    command += instructions.options(f"{qemu.BUILD}/lamina.elf")
    guest = Guest(command, os.path.join(WORK, "domains.log"))
    try:
        for items in (instructions.ITEMS, "cpu_reset", None, None):
            guest.expect("LAMINA-MARK", BOUND_S["domains"])
            if items:
                guest.trace(items)
            guest.send("\n")
        guest.expect(r"LAMINA-TEST creation (ok)", BOUND_S["domains"])
    except Failure as failure:
        sys.exit(f"figures: domains: {failure} (see {guest.log.name})")
    finally:
        guest.stop()
    values = figures_of(guest.seen.decode("utf-8", "replace"))
    with open(guest.resets, "rb") as log:
        values["create_plain_hypervisor"] = instructions.count(log)
    os.unlink(guest.resets)
    for name in values:
        if name.startswith("create"):
            values[name] = round(values[name] / 1e6, 1)
    return values


def measure_source():
    languages = ["--include-lang=C,C/C++ Header,Assembly", "--force-lang=Assembly,S"]
    counted = subprocess.run(["cloc", "--quiet", "--json", *languages, "hypervisor"], check=True,
                             capture_output=True, text=True)
    sizes = subprocess.run(["size", f"{qemu.BUILD}/lamina.elf"], check=True, capture_output=True,
                           text=True).stdout.splitlines()[1].split()
    return {"sloc": json.loads(counted.stdout)["SUM"]["code"],
            "image": os.path.getsize(f"{qemu.BUILD}/lamina"),
            "image_memory": sum(int(word) for word in sizes[:3])}


def number(value):
    if value is None:
        return ""
    return f"{value:,}"


def ratio(ours, theirs):
    return f"{theirs / ours:.1f}" if ours and theirs else ""


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def verdict(ours, aim):
    if aim is None or ours is None:
        return ""
    return f"{aim:,}" + ("" if ours <= aim else f" (missed by {round(ours - aim, 1):,})")


def main_table(ours, theirs):
    rows = []
    for name, what, aim, stated in ROWS:
        peer = theirs.get(name, stated)
        rows.append([what, number(ours.get(name)), number(peer),
                     verdict(ours.get(name), aim), ratio(ours.get(name), peer)])
    return table(["figure", "Lamina", "Xen 4.17", "aim", "Xen / Lamina"], rows)


def domain_table(ours):
    rows = [[what, number(ours[name]), verdict(ours[name], aim)] for name, what, aim in DOMAIN_ROWS]
    return table(["figure", "Lamina", "aim"], rows)


def linux_table(native, ours, theirs):
    rows = []
    for name, what, aim in LINUX_ROWS:
        mine, peer = ours[name] - native[name], theirs[name] - native[name]
        rows.append([what, number(native[name]), number(ours[name]), number(theirs[name]),
                     number(mine), number(peer), verdict(mine, aim), ratio(mine, peer)])
    return table(["operation", "native", "on Lamina", "on Xen 4.17", "Lamina's share",
                  "Xen's share", "aim", "Xen's share / Lamina's"], rows)


TEXT = """# Figures

Written by `make figures` (`make figures FIGURES=quick` leaves out the second table). A run on
another machine gives the same counts: QEMU {version} executes one instruction a nanosecond of
virtual time (`-accel tcg,thread=single -smp 1 -cpu {cpu}
-icount shift=0,sleep=off -rtc base=...,clock=vm`), and the guest reads the time stamp counter. What
the processor does itself (SYSCALL, IRETQ, a fault, a change of CR3) counts as one instruction, so
these are counts of work, not of time.

## The hypervisor

Instructions are the hypervisor's alone: `tests/bench` is a guest whose loops and handlers are in
assembly, and its own instructions are taken off as stated there.

{main}

- Lines: `cloc --include-lang=C,'C/C++ Header',Assembly --force-lang=Assembly,S hypervisor` (`make
  sloc`). Xen's is a build with PV only, counted once.
- Sizes: `stat -c %s build/lamina` and `size build/lamina.elf`.
- Memory kept: all RAM of the machine's map less dom0's and the free frames, from the line
  `memory: ... KiB kept by the hypervisor` that Lamina prints at boot. Xen's was read from `xl info`
  and dom0 once.
- Power-on: the first instruction of the guest is RDTSC. The guest is as large as Debian's kernel
  (`bench-large.elf`, 58 MiB) and comes with the initial RAM disk of `make run`; firmware and QEMU's
  boot loader are in the count.
- All others: `tests/bench/main.c`, the line `FIGURE name value` of each.
"""

DOMAIN_TEXT = """
## Domains

`tests/system/domu/creation.sh` in dom0, one processor: `lamina create --paused` of a file with
Debian's kernel, whose unpacked form is in the cache, from the fork of `lamina` until its end, with
all that daemons, back ends and dom0's kernel do meanwhile. What is left then until the domain's
first instruction is one hypercall. The hypervisor's instructions are counted by QEMU's log of what
it executes (`scripts/instructions.py`).

{domains}
"""

LINUX_TEXT = """
## Inside dom0

Debian's stock kernel, one processor, 2 GiB; `tests/system/dom0/bench.c` run as `lamina.test=bench`.
Instructions of the whole machine for an operation, the least of eight rounds; a hypervisor's share
is what it adds to the same kernel without one (the kernel's own PV code included).

{linux}
"""


def main():
    quick = "quick" in sys.argv[1:] or os.environ.get("FIGURES") == "quick"
    os.makedirs(WORK, exist_ok=True)
    images = {"lamina": f"{qemu.BUILD}/lamina", "xen": peer_image()}
    ours = {**measure_source(), **measure_guest("lamina", images["lamina"])}
    theirs = measure_guest("xen", images["xen"])
    text = TEXT.format(version=".".join(map(str, qemu.version())), cpu=CPU,
                       main="\n".join(main_table(ours, theirs)))
    if not quick:
        text += DOMAIN_TEXT.format(domains="\n".join(domain_table(measure_domains(
            images["lamina"]))))
        values = {name: measure_linux(name, images.get(name))
                  for name in ("native", "lamina", "xen")}
        text += LINUX_TEXT.format(linux="\n".join(linux_table(
            values["native"], values["lamina"], values["xen"])))
    elif os.path.exists(OUT):
        with open(OUT, encoding="ascii") as file:
            text += "".join(file.read().partition("\n## Domains")[1:])
    print("\n".join(line for line in text.splitlines() if line.startswith("|")))
    with open(OUT, "w", encoding="ascii") as file:
        file.write(text)
    say(f"wrote {OUT}")


if __name__ == "__main__":
    main()
