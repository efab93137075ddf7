# SPDX-License-Identifier: MIT
"""How this project starts QEMU: the one place that knows its command line."""

import functools
import os
import re
import subprocess
import sys

QEMU = os.environ.get("QEMU", "qemu-system-x86_64")
BUILD = os.environ.get("BUILD", "build")
OVMF = "/usr/share/OVMF"


@functools.cache
def version():
    try:
        text = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"{QEMU} does not run ({error}); run scripts/setup run")
    found = re.search(r"version (\d+)\.(\d+)", text.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def cpu():
    """Before 9.1, QEMU reads the frame of a ring-3 IRETQ with supervisor rights: SMAP faults."""
    return "max" if version() >= (9, 1) else "max,-smap"


def escape(text):
    """QEMU separates lists by commas; a doubled one stands for itself."""
    return text.replace(",", ",,")


def machine(kind="pc", cpus=2, memory=1024):
    """A machine without any device but the chipset's, emulated, that ends instead of resetting."""
    accel = "tcg,thread=" + ("multi" if cpus > 1 else "single")
    return [QEMU, "-nodefaults", "-no-user-config", "-machine", kind, "-accel", accel,
            "-cpu", cpu(), "-smp", str(cpus), "-m", str(memory), "-display", "none"]


def multiboot(image, options, modules):
    """Starts `image` by QEMU's own multiboot 1 loader; a module is (file, arguments)."""
    words = ["-kernel", image, "-append", options]
    listed = ",".join(escape(f"{path} {args}".strip()) for path, args in modules)
    return words + (["-initrd", listed] if listed else [])


def linux(kernel, initrd, arguments):
    return ["-kernel", kernel, "-initrd", initrd, "-append", arguments]


def cdrom(image):
    return ["-drive", f"file={escape(image)},format=raw,media=cdrom,readonly=on", "-boot", "d"]


def uefi(variables):
    """Firmware OVMF; `variables` is this machine's own copy of its settings."""
    return ["-drive", f"if=pflash,format=raw,readonly=on,file={OVMF}/OVMF_CODE_4M.fd",
            "-drive", f"if=pflash,format=raw,file={escape(variables)}"]


def user_network(device):
    return ["-netdev", "user,id=net0", "-device", f"{device},netdev=net0"]


def disk(path, device, ident="disk0", mode=""):
    """`mode` may be readonly=on, or snapshot=on: what is written is forgotten."""
    return ["-drive", f"file={escape(path)},format=raw,if=none,id={ident}" + (mode and f",{mode}"),
            "-device", f"{device},drive={ident}"]
