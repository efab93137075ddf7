# SPDX-License-Identifier: MIT
"""Builds a disk that PV GRUB boots: one partition, with a kernel, a RAM disk and GRUB's menu.

Usage: guest_disk.py --out FILE --kernel FILE --initrd FILE --arguments TEXT
"""

import argparse
import os
import shutil
import struct
import subprocess
import tempfile

import tools_disk

MIB = 1 << 20
START = MIB  # of the partition, in bytes
SECTOR = 512

MENU = """set timeout=0
menuentry "Debian" {{
    linux /boot/vmlinuz {arguments}
    initrd /boot/initrd.img
}}
"""


def master_boot_record(sectors):
    """One primary partition of type Linux, without the geometry that nobody reads any more."""
    entry = struct.pack("<B3sB3sII", 0x80, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff",
                        START // SECTOR, sectors)
    return bytes(446) + entry + bytes(48) + b"\x55\xaa"


def main():
    parser = argparse.ArgumentParser()
    for name in ("out", "kernel", "initrd", "arguments"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as tree:
        os.makedirs(os.path.join(tree, "boot/grub"))
        shutil.copy(options.kernel, os.path.join(tree, "boot/vmlinuz"))
        shutil.copy(options.initrd, os.path.join(tree, "boot/initrd.img"))
        with open(os.path.join(tree, "boot/grub/grub.cfg"), "w", encoding="ascii") as file:
            file.write(MENU.format(arguments=options.arguments))
        used = os.path.getsize(options.kernel) + os.path.getsize(options.initrd)
        size = (used // MIB + 8) * MIB
        with open(options.out + ".new", "wb") as file:
            file.write(master_boot_record(size // SECTOR))
            file.truncate(START + size)
        subprocess.run([tools_disk.tool("mke2fs"), "-q", "-t", "ext2", "-L", "guest", "-E",
                        f"root_owner=0:0,offset={START}", "-d", tree, options.out + ".new",
                        f"{size // 1024}k"], check=True)
    os.replace(options.out + ".new", options.out)


if __name__ == "__main__":
    main()
