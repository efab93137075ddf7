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
    """A sample a second, keys act at once, and the shell comes back whole."""
    guest.send("lamina top -d 1\n")
    for _ in range(3):
        guest.expect(r"every 1\.0 s, by id\b[^\n]*\r?\n[^\n]*2 domains[^\n]*\r?\n", 60)
        guest.expect(r"Domain-0 +0 +r-+ +\d+ ", 60)
        guest.expect(r"hello +1 +[rb-]+ +\d+ ", 60)
    for key, pattern in (("s", r"by name\b"), ("r", r"by name, reversed"), ("+", r"every 2\.0 s"),
                         ("h", r"q: quit")):
        guest.send(key)
        guest.expect(pattern, 60)
    guest.send("q")
    say(guest, "back")


def terminal(guest):
    """What a person does first at dom0's console: create a domain, sit at its console, look."""
    guest.expect(PROMPT, BOOT_SECONDS)
    guest.send("lamina create /etc/lamina/hello.xml -c\n")
    guest.expect(r"Domain hello is running, number 1\r?\n", 120)
    guest.expect(r"LAMINA-DOMU hello ready", BOOT_SECONDS)
    guest.expect(r"hello# ", 60)
    guest.send("ls /dev/xvda && ping -c 1 10.77.0.1 && echo both-$((6 * 7))\n")
    guest.expect(r"both-42\r?\n", 60)
    guest.send("\x1d")
    guest.expect(r"Left the console of hello\r?\n", 60)
    say(guest, "left")
    live_top(guest)
    guest.send("lamina shutdown --wait hello\n")
    guest.expect(r"waiting for hello to shut down \.\.\.", 60)
    guest.expect(r"Domain hello is gone\r?\n", 120)
    say(guest, "gone")
    guest.send("poweroff\n")
    guest.expect_end("guest-shutdown")


def domu_case(name, seconds, test=None, hypervisors=HYPERVISORS, memory=MEMORY_MIB, **fields):
    test = test or name
    case(f"domu-{name}", script(test, seconds), hypervisors=hypervisors, test=test, memory=memory,
         options=f"dom0_mem={DOM0_MIB}M", devices=disks, **fields)


domu_case("builder", 600)
domu_case("traffic", 900)
domu_case("cycles", 1200)
domu_case("cycles-soak", 7200, "cycles", append="loglevel=5 lamina.cycles=1000", soak=True)
domu_case("killed", 900)
domu_case("daemons", 600)
domu_case("look", 600)
domu_case("life", 900)
domu_case("attach", 600)
domu_case("refused", 600)
domu_case("grub", 900)
domu_case("kernels", 900)
domu_case("porting", 600)
case("domu-terminal", terminal, hypervisors=HYPERVISORS, memory=MEMORY_MIB,
     options=f"dom0_mem={DOM0_MIB}M", devices=disks)
