# SPDX-License-Identifier: MIT
"""Boots Lamina with Debian's kernel as dom0 in QEMU, to a shell on this terminal.

The environment may set MEM (MiB), CPUS, MACHINE (pc or q35), QEMU, DISK (a raw image), OPTIONS
(for the hypervisor), APPEND (for the dom0 kernel) and QEMU_ARGS (more arguments for QEMU).
"""

import os
import shlex
import sys

import qemu

DISK_SIZE = 1 << 30


def scratch_disk():
    path = os.environ.get("DISK")
    if not path:
        path = os.path.join(qemu.BUILD, "images", "disk.img")
        if not os.path.exists(path):
            with open(path, "wb") as file:
                file.truncate(DISK_SIZE)
    return path


def main():
    kind = os.environ.get("MACHINE", "pc")
    cpus = int(os.environ.get("CPUS", "2"))
    memory = int(os.environ.get("MEM", "2048"))
    images = os.path.join(qemu.BUILD, "images")
    image = os.path.join(qemu.BUILD, "lamina")
    if not os.path.exists(image):
        sys.exit(f"run: {image} is missing; run make")
    options = "console=com1 com1=115200 " + os.environ.get("OPTIONS", "")
    arguments = "console=hvc0 " + os.environ.get("APPEND", "")
    command = [
        *qemu.machine(kind, cpus, memory), "-serial", "mon:stdio",
        *qemu.multiboot(image, options.strip(), [
            (os.path.join(images, "vmlinux"), arguments.strip()),
            (os.path.join(images, "initramfs.cpio.gz"), "")]),
        *qemu.disk(scratch_disk(), "virtio-blk-pci"), *qemu.user_network("virtio-net-pci"),
        *shlex.split(os.environ.get("QEMU_ARGS", ""))]
    major, minor = qemu.version()
    print(f"run: QEMU {major}.{minor} (emulation), {kind}, {cpus} CPUs, {memory} MiB; "
          "the shell comes in some 20 seconds")
    print('run: to leave, type "poweroff" in the shell, or Ctrl-A X at any time', flush=True)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
