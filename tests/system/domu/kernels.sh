#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Kernels: other people's, all at once: Debian's generic, cloud and realtime kernels, each with a
# disk and an interface, and PV GRUB with the kernel that it finds on its disk. Each is what it
# claims to be, keeps what it writes, and reaches the others.

. /usr/lib/lamina/tests/lib

PINGS=200
LINUX="generic cloud rt"

number() { # NAME: last byte of its address
    case $1 in
    generic) echo 2 ;;
    cloud) echo 3 ;;
    rt) echo 4 ;;
    esac
}

kind() { # NAME: what its kernel says of itself
    case $1 in
    generic) echo 'PREEMPT_DYNAMIC' ;;
    cloud) echo '-cloud-amd64' ;;
    rt) echo 'PREEMPT_RT' ;;
    esac
}

is_kind() { in_domain "$1" "uname -rv" | tee /dev/stderr | grep -q -e "$(kind "$1")"; }

# On the disk past the page cache, then from it.
disk_keeps() {
    in_domain "$1" "head -c 4m /dev/urandom >/tmp/file
        dd if=/tmp/file of=/dev/xvda bs=1M || exit 1
        sync; echo 3 >/proc/sys/vm/drop_caches; head -c 4m /dev/xvda | cmp - /tmp/file"
}

reaches() { in_domain "$1" "PATH=/tests:\$PATH; pings $PINGS 10.77.0.$(number "$2")"; }

has_gone_down() { lamina shutdown --wait --timeout 120 "$1"; }

linux_domain generic 2 vmlinuz
linux_domain cloud 3 vmlinuz-cloud
# Without nolapic this kernel stops for ever, on Xen as well; docs/abi.md says why.
linux_domain rt 4 vmlinuz-rt "" nolapic
check "warm up" warm_up
note_use /tmp/before
for name in $LINUX; do check "create $name" create $name; done
check "create grub" lamina create /etc/lamina/grub.xml
for name in $LINUX grub; do
    check "banner of $name" ready $name 300 || stop_at_once "the domains do not come up"
done
check "four at once" sh -c 'lamina list; [ "$(counts | sed -n "s/^domains //p")" = 5 ]'
for name in $LINUX; do
    check "the kernel of $name" is_kind $name
    check "the disk of $name" disk_keeps $name
done
for pair in generic:cloud cloud:rt rt:generic; do
    from=${pair%:*} to=${pair#*:}
    check "$PINGS pings from $from to $to" reaches $from $to
done
check "grub is there still" ready grub
check "dom0 has no complaint" sh -c '! dmesg | grep -e "WARNING:" -e "BUG:"'
for name in $LINUX grub; do check "$name goes down" has_gone_down $name; done
check "nothing is left" nothing_left /tmp/before
finish
