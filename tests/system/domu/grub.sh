#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# GRUB: PV GRUB takes kernel, RAM disk and menu from the domain's own disk, asked for by
# <bootloader> or named as the kernel; again after a reboot; and it can be ended while it loads.

. /usr/lib/lamina/tests/lib

GRUB=/usr/lib/grub-xen/grub-x86_64-xen.bin
DISK=/var/lib/lamina/images/grub.img

# Its menu is on the disk.
menu_found() { talk "$(console "$1")" -t 120 expect "Booting \`Debian'"; }

check "warm up" warm_up
note_use /tmp/before
check "create" lamina create /etc/lamina/grub.xml
check "its kernel comes from its disk" ready grub 300 || stop_at_once "GRUB does not boot it"
was=$(lamina domid grub)
check "reboot from inside" talk "$(console grub)" send "reboot
"
check "another number" wait_for 120 number_changed grub "$was"
check "GRUB once more" menu_found grub
check "destroy while it loads" lamina destroy grub
check "nothing is left" nothing_left /tmp/before
check "GRUB as the kernel" lamina create --name grub2 --kernel $GRUB --memory 256MiB --disk $DISK
check "the same menu" menu_found grub2
check "destroy while it loads" lamina destroy grub2
check "nothing is left" nothing_left /tmp/before
finish
