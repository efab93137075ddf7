# SPDX-License-Identifier: MIT
"""The system tests of further domains: what runs in dom0 is in domu/, one script a subject.

dom0 has the disk with the tools, and one for the domains' disks whose changes are forgotten. Each
script does many checks in one machine and says how each of them went (see domu/lib.sh).
"""

import os

import qemu
from cases import BOOT_SECONDS, HYPERVISORS, LAMINA, PROMPT, case, say

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


def live_top(guest):
    """On dom0's console: a sample a second, keys act at once, and the shell comes back whole."""
    guest.expect(PROMPT, BOOT_SECONDS)
    guest.send("lamina top -d 1\n")
    for _ in range(3):
        guest.expect(r"every 1\.0 s, by id\b[^\n]*\r?\n[^\n]*1 domains[^\n]*\r?\n", 60)
        guest.expect(r"Domain-0 +0 +r-+ +\d+ ", 60)
    for key, pattern in (("s", r"by name\b"), ("r", r"by name, reversed"), ("+", r"every 2\.0 s"),
                         ("h", r"q: quit")):
        guest.send(key)
        guest.expect(pattern, 60)
    guest.send("q")
    say(guest, "back")
    guest.send("poweroff\n")
    guest.expect_end("guest-shutdown")


def domu_case(name, seconds, test=None, hypervisors=HYPERVISORS, memory=MEMORY_MIB, **fields):
    test = test or name
    case(f"domu-{name}", script(test, seconds), hypervisors=hypervisors, test=test, memory=memory,
         options=f"dom0_mem={DOM0_MIB}M", devices=disks, **fields)


domu_case("builder", 600)
domu_case("traffic", 900)
domu_case("cycles", 1200)
domu_case("cycles-soak", 3000, "cycles", append="loglevel=5 lamina.cycles=1000", soak=True)
domu_case("killed", 900)
domu_case("daemons", 600)
domu_case("look", 600)
domu_case("life", 400)
domu_case("attach", 300)
domu_case("refused", 200)
domu_case("grub", 300)
case("domu-top", live_top, hypervisors=HYPERVISORS, memory=MEMORY_MIB,
     options=f"dom0_mem={DOM0_MIB}M", devices=disks)
