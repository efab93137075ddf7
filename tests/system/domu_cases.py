# SPDX-License-Identifier: MIT
"""The system tests of further domains: what runs in dom0 is in domu/, one script a subject.

dom0 has the disk with the tools, and one for the domains' disks whose changes are forgotten. Each
script does many checks in one machine and says how each of them went (see domu/lib.sh).
"""

import os

import qemu
from cases import BOOT_SECONDS, HYPERVISORS, LAMINA, case

MEMORY_MIB = 2048
DOM0_MIB = 640


def disks(bench, name):
    return (qemu.disk(os.path.join(bench.images, "tools.img"), "virtio-blk-pci", "tools",
                      "readonly=on")
            + qemu.disk(os.path.join(bench.images, "data.img"), "virtio-blk-pci", "data",
                        "snapshot=on"))


def script(name, seconds):
    def body(guest):
        guest.expect(rf"LAMINA-TEST {name} (ok|not ok)", BOOT_SECONDS + seconds)
        guest.expect("LAMINA-TEST-END")
        guest.expect_end("guest-shutdown")
    return body


def domu_case(name, seconds, hypervisors=HYPERVISORS, memory=MEMORY_MIB, **fields):
    case(f"domu-{name}", script(name, seconds), hypervisors=hypervisors, test=name, memory=memory,
         options=f"dom0_mem={DOM0_MIB}M", devices=disks, **fields)


domu_case("builder", 600)
domu_case("traffic", 300)
domu_case("cycles", 600)
domu_case("killed", 600)
domu_case("daemons", 300)
domu_case("look", 300)
domu_case("life", 400)
domu_case("attach", 300)
domu_case("refused", 200)
domu_case("grub", 300)
