# SPDX-License-Identifier: MIT
"""The system tests, as data: a machine, a way to boot it, and what must happen."""

import dataclasses
import hashlib
import os
import struct
import typing

import qemu
from guest import Failure

EVERYWHERE = ("lamina", "xen", "native")
HYPERVISORS = ("lamina", "xen")
LAMINA = ("lamina",)

PROMPT = "dom0# "
BOOT_SECONDS = 180


def no_devices(bench, name):
    return []


@dataclasses.dataclass
class Case:
    name: str
    body: typing.Callable
    hypervisors: tuple = EVERYWHERE
    machine: str = "pc"
    cpus: int = 2
    memory: int = 1024
    boot: str = "qemu"          # or multiboot-bios, multiboot2-bios, multiboot2-uefi
    grub_first: tuple = ()      # GRUB's commands before it loads the hypervisor
    options: str = ""           # for the hypervisor
    append: str = "loglevel=5"  # for dom0's kernel
    test: str = ""              # a script of tests/system/dom0 to run instead of a shell
    devices: typing.Callable = no_devices
    modules: typing.Callable = None
    quiet: bool = True          # complaints of kernel or hypervisor fail the case
    soak: bool = False          # too long for every day: runs when it is named in full

    def arguments(self, bench):
        return f"{self.append} lamina.test={self.test}" if self.test else self.append


CASES = []


def case(name, body, hypervisors=EVERYWHERE, **fields):
    CASES.append(Case(name, body, hypervisors, **fields))


# What must happen -------------------------------------------------------------------------------

def shell_then_poweroff(guest):
    guest.expect(PROMPT, BOOT_SECONDS)
    guest.send("poweroff\n")
    guest.expect_end("guest-shutdown")


def odd_map(guest):
    """The map has holes that neither begin nor end at whole pages; dom0 boots all the same."""
    guest.expect(r"memory [0-9a-f]{16}-00000000100007ff type 1\r?\n", 60)
    guest.expect(r"memory 0000000010001000-0000000017ffffff type 1\r?\n", 10)
    guest.expect(r"memory 0000000018123456-[0-9a-f]{16} type 1\r?\n", 10)
    shell_then_poweroff(guest)


def shell_then_reboot(guest):
    guest.expect(PROMPT, BOOT_SECONDS)
    guest.send("reboot\n")
    guest.expect_end("guest-reset")


def processors(count):
    def body(guest):
        guest.expect(rf"on {count} CPU\(s\)", BOOT_SECONDS)
        shell_then_poweroff(guest)
    return body


def test_script(name, seconds=240):
    """The script inside dom0 says ok or not ok; then the machine powers off."""
    def body(guest):
        guest.expect(rf"LAMINA-TEST {name} ok", BOOT_SECONDS + seconds)
        guest.expect("LAMINA-TEST-END")
        guest.expect_end("guest-shutdown")
    return body


def refused(pattern):
    """One line says what is wrong, the next what happens; then the machine resets itself."""
    def body(guest):
        guest.expect(rf"\(lamina\) Lamina: [^\n]*{pattern}[^\n]*\n", 30)
        guest.expect(r"\(lamina\) Lamina: the machine is reset in 5 seconds", 10)
        guest.expect_end("guest-reset", 30)
    return body


def refused_then_halt(pattern):
    def body(guest):
        guest.expect(rf"\(lamina\) Lamina: [^\n]*{pattern}[^\n]*\n", 30)
        guest.expect_halt()
    return body


def warned(pattern):
    """The same for what is no reason to stop."""
    def body(guest):
        guest.expect(rf"\(lamina\) Lamina: [^\n]*{pattern}[^\n]*\n", 30)
        shell_then_poweroff(guest)
    return body


def panic(guest):
    guest.expect(PROMPT, BOOT_SECONDS)
    guest.send("echo c >/proc/sysrq-trigger\n")
    guest.expect(r"Kernel panic - not syncing", 60, fatal=None)


def panic_then_reset(guest):
    panic(guest)
    guest.expect_end("guest-reset")


def panic_then_halt(guest):
    """The hypervisor shows the state of the vCPU that gave up, and stays."""
    panic(guest)
    guest.expect(r"\(lamina\) dom0 crashed", 60, fatal=None)
    guest.expect(r"\(lamina\) +rip [0-9a-f]{4}:ffffffff[0-9a-f]{8}", 30, fatal=None)
    guest.expect(r"\(lamina\) dom0 shut down with code 3: halted", 30, fatal=None)
    guest.expect_halt()


LEFT, RIGHT, UP = "\x02", "\x06", "\x10"    # Ctrl-B, F, P: one byte cannot arrive in two parts
ARROWS = "\x1b[A\x1b[C\x1b[D"

# A paste of 64 lines of 64 bytes: 4 KiB, which no line editor reads ahead of time.
PASTE = "".join(f"{number:03d} {ARROWS} " + "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM"
                + "\n" for number in range(64))


def say(guest, word):
    """Has the shell print `word`; what is typed does not contain it, so an echo cannot pass."""
    guest.send(f'echo "{word[:1]}""{word[1:]}"\n')
    guest.expect(rf"{word}\r+\n")


def type_at_prompt(guest, keys, answer):
    """Types a line, its answer comes, and the shell waits again. It edits from its prompt on only;
    what is typed before is the terminal's to edit, which knows fewer keys."""
    guest.send(keys + "\n")
    guest.expect(answer)
    guest.expect(PROMPT)


def console(guest):
    """Line editing, a paste without loss, and the interrupt key."""
    guest.expect(PROMPT, BOOT_SECONDS)
    type_at_prompt(guest, "echo wrXng\x7f\x7f\x7f\x7fight", r"\nwight\r+\n")
    type_at_prompt(guest, "echo pst" + LEFT * 2 + "a" + RIGHT + "\x7fper", r"\npapert\r+\n")
    type_at_prompt(guest, UP, r"\npapert\r+\n")
    type_at_prompt(guest, 'stty -echo; echo "qu""iet"', r"quiet\r+\n")
    guest.send('echo "lis""tens"; cat >/tmp/paste\n')
    guest.expect(r"listens\r+\n")
    guest.send(PASTE)
    guest.send("\x04")
    guest.expect(PROMPT)
    guest.send("wc -c </tmp/paste; md5sum </tmp/paste\n")
    guest.expect(rf"\b{len(PASTE)}\r+\n", 60)
    guest.expect(hashlib.md5(PASTE.encode()).hexdigest())
    guest.send('stty echo; echo "star""ted"; sleep 1000\n')
    guest.expect(r"started\r+\n")
    guest.send("\x03")
    guest.expect(PROMPT)
    say(guest, "back")
    guest.send("poweroff\n")
    guest.expect_end("guest-shutdown")


def backtraces(guest):
    """The kernel looks at all its processors by NMIs, also at one that waits."""
    guest.expect(PROMPT, BOOT_SECONDS)
    guest.send("echo l >/proc/sysrq-trigger; dmesg | grep -c 'NMI backtrace for cpu'\n")
    guest.expect(r"\n2\r+\n", 30)
    guest.send("poweroff\n")
    guest.expect_end("guest-shutdown")


def audit(guest):
    """After dom0 has started many programs, the hypervisor's counts equal a recount."""
    guest.expect(PROMPT, BOOT_SECONDS)
    guest.send("/tests/stress && echo str''essed\n")
    guest.expect(r"\nstressed\r+\n", 240)
    guest.expect(PROMPT)
    guest.send("\x01\x01\x01")
    guest.expect(r"\(lamina\) input goes to [^\n]*\n")
    guest.send("m")
    guest.expect(r"\(lamina\) memory: \d+ of \d+ frames free, counts consistent")
    guest.send("q")
    guest.expect("event channels consistent, grants consistent")
    guest.send("\x01\x01\x01")
    guest.expect(r"\(lamina\) input goes to [^\n]*\n")
    guest.send("poweroff\n")
    guest.expect_end("guest-shutdown")


# Machines ---------------------------------------------------------------------------------------

def virtio(bench, name):
    disk = bench.scratch(f"{name}.disk", 64 << 20)
    return qemu.disk(disk, "virtio-blk-pci") + qemu.user_network("virtio-net-pci")


def virtio_legacy_interrupts(bench, name):
    """No MSI-X: the same devices on interrupt lines."""
    disk = bench.scratch(f"{name}.disk", 64 << 20)
    return (qemu.disk(disk, "virtio-blk-pci,vectors=0")
            + qemu.user_network("virtio-net-pci,vectors=0"))


def ahci_e1000(bench, name):
    disk = bench.scratch(f"{name}.disk", 64 << 20)
    return (["-device", "ahci,id=ahci0"] + qemu.disk(disk, "ide-hd,bus=ahci0.0")
            + qemu.user_network("e1000"))


def nvme_e1000e(bench, name):
    disk = bench.scratch(f"{name}.disk", 64 << 20)
    return qemu.disk(disk, "nvme,serial=lamina") + qemu.user_network("e1000e")


# Wrong inputs -----------------------------------------------------------------------------------

def written(bench, name, data):
    path = os.path.join(bench.folder, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def bzimage_by_mistake(bench):
    return [(bench.vmlinuz, "console=hvc0"), (bench.initrd, "")]


def truncated_elf(bench):
    with open(bench.vmlinux, "rb") as file:
        return [(written(bench, "truncated", file.read(1 << 20)), "console=hvc0")]


def elf_without_notes(bench):
    """A whole ELF file with one loadable segment, and nothing that says "PV"."""
    code = b"\xf4" * 64
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1, 0xffffffff81000000,
                         64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 4096, 0xffffffff81000000, 0x1000000,
                          len(code), len(code), 4096)
    data = (header + segment).ljust(4096, b"\0") + code
    return [(written(bench, "no-notes", data), "console=hvc0")]


def no_module(bench):
    return []


# The list ---------------------------------------------------------------------------------------

for kind in ("pc", "q35"):
    for count in (1, 2, 4):
        case(f"boot-{kind}-{count}", processors(count), machine=kind, cpus=count)

for way in ("multiboot-bios", "multiboot2-bios", "multiboot2-uefi"):
    case(f"boot-{way}", shell_then_poweroff, hypervisors=HYPERVISORS, boot=way)

for mib in (256, 512, 3072, 4096, 16384):
    case(f"memory-{mib}", shell_then_poweroff, memory=mib, cpus=1)

# Of 128 MiB Debian's kernel would take 16 for DMA buffers that nothing here needs.
case("memory-128", shell_then_poweroff, hypervisors=("lamina", "native"), memory=128, cpus=1,
     append="loglevel=5 swiotlb=1024")
case("memory-q35-3072", shell_then_poweroff, machine="q35", memory=3072)
case("memory-odd-map", odd_map, hypervisors=LAMINA, boot="multiboot2-bios",
     grub_first=("cutmem 0x10000800 0x10001000", "cutmem 0x18000000 0x18123456"))

case("reboot", shell_then_reboot)
case("console", console)
case("audit", audit, LAMINA)
case("backtraces", backtraces, quiet=False)
case("panic-reset", panic_then_reset, append="loglevel=5 panic=1", quiet=False)
case("panic-noreboot", panic_then_halt, LAMINA, options="noreboot", quiet=False)

case("bad-bzimage", refused(".*lamina-extract-kernel"), LAMINA, modules=bzimage_by_mistake)
case("bad-truncated-elf", refused(".*truncated"), LAMINA, modules=truncated_elf)
case("bad-no-notes", refused(".*note"), LAMINA, modules=elf_without_notes)
case("bad-no-module", refused(".*module"), LAMINA, modules=no_module)
case("bad-noreboot", refused_then_halt(".*module"), LAMINA, modules=no_module, options="noreboot")
case("bad-unknown-option", warned(".*frobnicate"), LAMINA, options="frobnicate=1")
case("bad-dom0-mem", refused(".*dom0_mem"), LAMINA, options="dom0_mem=64G")

case("hypercalls", test_script("hypercalls"), hypervisors=HYPERVISORS, test="hypercalls")
case("stored", test_script("stored"), hypervisors=HYPERVISORS, test="stored")
case("loopback", test_script("loopback"), hypervisors=HYPERVISORS, test="loopback", cpus=1,
     quiet=False)

for name, devices, machine, disk_kind, net_kind in (
        ("virtio", virtio, "pc", "msix", "msix"),
        ("virtio-q35", virtio, "q35", "msix", "msix"),
        ("lines", virtio_legacy_interrupts, "pc", "line", "line"),
        ("ahci-e1000", ahci_e1000, "pc", "msi", "line"),
        ("nvme-e1000e", nvme_e1000e, "q35", "msix", "msix")):
    case(f"devices-{name}", test_script("devices"), test="devices", devices=devices,
         machine=machine, append=f"loglevel=5 lamina.disk={disk_kind} lamina.net={net_kind}")
for script in ("programs", "hotplug", "clock"):
    case(script, test_script(script), test=script)
