#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# GRUB: PV GRUB takes kernel, RAM disk and menu from the domain's own disk, again after a reboot.

. /usr/lib/lamina/tests/lib

check "warm up" warm_up
note_use /tmp/before
check "create" lamina create /etc/lamina/grub.xml
check "its kernel comes from its disk" ready grub 240 || stop_at_once "GRUB does not boot it"
was=$(lamina domid grub)
check "reboot" lamina reboot grub
check "GRUB once more" sh -c ". /usr/lib/lamina/tests/lib
    wait_for 60 eval '[ \$(lamina domid grub || echo $was) != $was ]' && ready grub 240"
check "shutdown" lamina shutdown --wait grub
check "nothing is left" nothing_left /tmp/before
finish
