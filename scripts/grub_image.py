# SPDX-License-Identifier: MIT
"""Builds a bootable image with GRUB, for BIOS and UEFI alike.

Usage: grub_image.py --protocol {multiboot,multiboot2} --image FILE [--options TEXT]
                     [--module "FILE ARGUMENTS"]... [--first COMMAND]... --out ISO
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

CONFIG = """\
serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
set timeout=0
menuentry "Lamina ({protocol})" {{
    echo "grub: {protocol}"
{first}    {protocol} /boot/{image} {options}
{modules}}}
"""

MODULE_COMMAND = {"multiboot": "module", "multiboot2": "module2"}


def config(protocol, image, options, modules, first):
    lines = ""
    for path, arguments in modules:
        command = f"    {MODULE_COMMAND[protocol]} /boot/{os.path.basename(path)} {arguments}"
        lines += command.rstrip() + "\n"
    return CONFIG.format(protocol=protocol, image=os.path.basename(image), options=options,
                         modules=lines, first="".join(f"    {line}\n" for line in first))


def build(protocol, image, options, modules, out, first=()):
    """`first` are GRUB commands that come before the hypervisor is loaded."""
    with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(out))) as tree:
        os.makedirs(os.path.join(tree, "boot/grub"))
        for path in [image, *[path for path, _ in modules]]:
            shutil.copy(path, os.path.join(tree, "boot", os.path.basename(path)))
        with open(os.path.join(tree, "boot/grub/grub.cfg"), "w", encoding="ascii") as file:
            file.write(config(protocol, image, options, modules, first))
        command = ["grub-mkrescue", "-o", out, tree, "--", "-volid", "LAMINA"]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            sys.exit(f"grub_image: grub-mkrescue failed; run scripts/setup test\n{result.stderr}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--protocol", choices=MODULE_COMMAND, required=True)
    parser.add_argument("--image", required=True)
    parser.add_argument("--options", default="")
    parser.add_argument("--module", action="append", default=[])
    parser.add_argument("--first", action="append", default=[])
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    modules = [(path, arguments) for path, _, arguments in
               (module.partition(" ") for module in options.module)]
    build(options.protocol, options.image, options.options, modules, options.out,
          options.first)


if __name__ == "__main__":
    main()
