# SPDX-License-Identifier: MIT
"""Builds the initial RAM disk of dom0 or of a domU: busybox, kernel modules and a small init.

Usage: initramfs.py --root DIR --version KERNEL ... --out FILE [--init FILE] [--modules NAMES]
                    [--add NAME=FILE ...]

DIR is where the kernels' packages were unpacked; one archive may serve several kernels. It is
written here, entry by entry, so that no root is needed and the same input gives the same bytes.
"""

import argparse
import gzip
import lzma
import os
import shutil
import stat
import struct
import subprocess
import sys
import tempfile

# What dom0 needs on the machines that it is tested on; what they depend on comes along.
MODULES = """
    virtio_pci virtio_blk virtio_net virtio_console virtio_rng virtio_balloon
    ahci ata_piix sd_mod sr_mod nvme e1000 e1000e
    ext4 vfat isofs nls_ascii nls_cp437 nls_utf8 crc32c_generic crc32c-intel
    loop bridge tun af_packet
    xen-blkback xen-blkfront xen-netback xen-netfront xen-gntdev xen-gntalloc xen-evtchn
    xen-privcmd xenfs xen-pciback xen-acpi-processor
""".split()

FOLDERS = "bin dev etc lib lib/modules mnt proc root run sbin sys tests tmp var".split()


class Archive:
    """A cpio archive in the newc format, owned by root and dated 0."""

    def __init__(self):
        self.parts = []
        self.inode = 0
        self.names = set()

    def add(self, name, mode, data=b"", device=(0, 0)):
        if name in self.names:
            return
        self.names.add(name)
        self.inode += 1
        path = name.encode() + b"\0"
        fields = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(path), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + path
        self.parts += [head, bytes(-len(head) % 4), data, bytes(-len(data) % 4)]

    def folder(self, name):
        parent = os.path.dirname(name)
        if parent:
            self.folder(parent)
        self.add(name, stat.S_IFDIR | 0o755)

    def file(self, name, data, executable=False):
        if os.path.dirname(name):
            self.folder(os.path.dirname(name))
        self.add(name, stat.S_IFREG | (0o755 if executable else 0o644), data)

    def link(self, name, target):
        self.add(name, stat.S_IFLNK | 0o777, target.encode())

    def write(self, path):
        self.add("TRAILER!!!", 0)
        with open(path + ".new", "wb") as raw:
            with gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
                file.write(b"".join(self.parts))
        os.replace(path + ".new", path)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def is_static(program):
    """Whether an ELF file names no interpreter (program header type 3)."""
    offset, = struct.unpack_from("<Q", program, 32)
    size, count = struct.unpack_from("<HH", program, 54)
    kinds = [struct.unpack_from("<I", program, offset + i * size)[0] for i in range(count)]
    return 3 not in kinds


def read_module(path):
    """Modules go in uncompressed: the archive is compressed as a whole."""
    if path.endswith(".xz"):
        return lzma.decompress(read(path))
    if path.endswith(".gz"):
        return gzip.decompress(read(path))
    if path.endswith(".zst"):
        return subprocess.run(["zstd", "-dcq", path], check=True, stdout=subprocess.PIPE).stdout
    return read(path)


def module_key(path):
    return os.path.basename(path).split(".")[0].replace("-", "_")


def module_closure(folder, names):
    """The paths, relative to `folder`, of the modules `names` and of all that they need."""
    needs = {}
    with open(os.path.join(folder, "modules.dep"), encoding="ascii") as file:
        for line in file:
            path, _, rest = line.partition(":")
            needs[module_key(path)] = [path, *rest.split()]
    with open(os.path.join(folder, "modules.builtin"), encoding="ascii") as file:
        builtin = {module_key(line.strip()) for line in file}
    found = set()
    for name in names:
        key = name.replace("-", "_")
        if key in needs:
            found.update(needs[key])
        elif key not in builtin:
            print(f"initramfs: this kernel has no module {name}", file=sys.stderr)
    return sorted(found)


def depmod(base, version):
    tool = shutil.which("depmod", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not tool:
        sys.exit("initramfs: depmod is missing; run scripts/setup run")
    subprocess.run([tool, "-b", base, version], check=True)


def add_modules(archive, root, version, names):
    source = os.path.join(root, "lib/modules", version)
    if not os.path.exists(os.path.join(source, "modules.dep")):
        depmod(root, version)
    with tempfile.TemporaryDirectory() as stage:
        target = os.path.join(stage, "lib/modules", version)
        for path in module_closure(source, names):
            plain = path[: path.index(".ko") + 3]
            os.makedirs(os.path.dirname(os.path.join(target, plain)), exist_ok=True)
            with open(os.path.join(target, plain), "wb") as file:
                file.write(read_module(os.path.join(source, path)))
        os.makedirs(target, exist_ok=True)
        for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
            shutil.copy(os.path.join(source, name), target)
        depmod(stage, version)
        for folder, folders, names in os.walk(target):
            folders.sort()
            for name in sorted(names):
                if not name.endswith(".bin"):
                    path = os.path.join(folder, name)
                    archive.file(os.path.relpath(path, stage), read(path))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", required=True)
    parser.add_argument("--version", action="append", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--init", default=os.path.join(os.path.dirname(__file__), "init.sh"))
    parser.add_argument("--modules", default=MODULES, type=str.split)
    parser.add_argument("--add", action="append", default=[], metavar="NAME=FILE")
    options = parser.parse_args()

    busybox = shutil.which("busybox")
    if not busybox or not is_static(read(busybox)):
        sys.exit("initramfs: a static busybox is missing; run scripts/setup run")
    archive = Archive()
    for folder in FOLDERS:
        archive.folder(folder)
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    archive.add("dev/null", stat.S_IFCHR | 0o666, device=(1, 3))
    archive.file("bin/busybox", read(busybox), executable=True)
    for name in ("poweroff", "reboot", "halt"):
        script = f"#!/bin/busybox sh\n/bin/busybox sync\nexec /bin/busybox {name} -f\n"
        archive.file(f"sbin/{name}", script.encode(), executable=True)
    archive.link("bin/sh", "busybox")
    archive.link("sbin/modprobe", "/bin/busybox")  # the kernel itself calls it by this name
    archive.file("init", read(options.init), executable=True)
    for entry in options.add:
        name, _, path = entry.partition("=")
        archive.file(name, read(path), executable=bool(os.stat(path).st_mode & 0o111))
    for version in options.version:
        add_modules(archive, options.root, version, options.modules)
    os.makedirs(os.path.dirname(options.out), exist_ok=True)
    archive.write(options.out)


if __name__ == "__main__":
    main()
