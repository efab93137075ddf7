# SPDX-License-Identifier: MIT
"""Boots Lamina with Debian's kernel as dom0 in QEMU, to a shell on this terminal.

dom0 has its programs on one disk; another, which is kept from run to run, holds those of the
example domains that run when the shell comes.

The environment may set MEM (MiB), CPUS, MACHINE (pc or q35), QEMU, DISK (a raw image instead of the
second disk), CREATE (the example domains, "hello.xml,cloud.xml"; may be empty), OPTIONS (for the
hypervisor), APPEND (for the dom0 kernel) and QEMU_ARGS (more arguments for QEMU).
"""

import os
import shlex
import subprocess
import sys

import qemu

DOM0_MIB = 768


def data_disk(images):
    path = os.environ.get("DISK")
    if not path:
        path = os.path.join(images, "disk.img")
        if not os.path.exists(path):
            subprocess.run(["cp", "--sparse=always", os.path.join(images, "data.img"), path],
                           check=True)
    return path


def dom0_memory(memory):
    """What dom0 gets of a machine with so many MiB: the rest is for other domains."""
    return f"dom0_mem={min(DOM0_MIB, memory // 2)}M"


def main():
    kind = os.environ.get("MACHINE", "pc")
    cpus = int(os.environ.get("CPUS", "2"))
    memory = int(os.environ.get("MEM", "2048"))
    images = os.path.join(qemu.BUILD, "images")
    image = os.path.join(qemu.BUILD, "lamina")
    if not os.path.exists(image):
        sys.exit(f"run: {image} is missing; run make")
    options = f"console=com1 com1=115200 {dom0_memory(memory)} " + os.environ.get("OPTIONS", "")
    create = os.environ.get("CREATE", "hello.xml,cloud.xml")
    arguments = f"console=hvc0 loglevel=5 lamina.create={create} " + os.environ.get("APPEND", "")
    command = [
        *qemu.machine(kind, cpus, memory), "-serial", "mon:stdio",
        *qemu.multiboot(image, options.strip(), [
            (os.path.join(images, "vmlinux"), arguments.strip()),
            (os.path.join(images, "initramfs.cpio.gz"), "")]),
        *qemu.disk(os.path.join(images, "tools.img"), "virtio-blk-pci", "disk0", "readonly=on"),
        *qemu.disk(data_disk(images), "virtio-blk-pci", "disk1"),
        *qemu.user_network("virtio-net-pci"),
        *shlex.split(os.environ.get("QEMU_ARGS", ""))]
    major, minor = qemu.version()
    print(f"run: QEMU {major}.{minor} (emulation), {kind}, {cpus} CPUs, {memory} MiB; "
          "the shell comes in some 20 seconds")
    print('run: to leave, type "poweroff" in the shell, or Ctrl-A X at any time', flush=True)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
