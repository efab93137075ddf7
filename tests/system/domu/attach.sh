#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Attach: disks and interfaces come to a running domain and leave it, while others are busy; slices,
# read-only and shared disks, and what must not be used twice.

. /usr/lib/lamina/tests/lib

EXTRA=$WORK/extra.img

has() { in_domain one "[ -e /sys/$1 ]"; }
has_not() { ! has "$1"; }

# under_load COMMAND OUTPUT: for as long as /tmp/load exists; each failure is a line in OUTPUT.bad.
under_load() {
    in_domain one "while [ -e /tmp/load ]; do $1 >>$2 2>&1 || echo >>$2.bad; done &"
}

# Load on the first disk and interface. Each interface speaks for its own address alone: else dom0
# may learn the first one's address from the second, which goes.
load() {
    in_domain one "echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore
        echo 2 >/proc/sys/net/ipv4/conf/all/arp_announce; touch /tmp/load" &&
        under_load "dd if=/dev/xvda of=/dev/null bs=1M count=32 iflag=direct" /tmp/io &&
        under_load "/tests/pings 500 $DOM0_ADDRESS" /tmp/net
}

disk_comes_and_goes() {
    for turn in 1 2; do
        lamina disk-attach one $EXTRA,xvdb && wait_for 30 has block/xvdb || return 1
        in_domain one "head -c 8m /dev/urandom >/tmp/a; dd if=/tmp/a of=/dev/xvdb bs=64k conv=fsync
            echo 3 >/proc/sys/vm/drop_caches; head -c 8m /dev/xvdb | cmp - /tmp/a" || return 1
        lamina disk-list one && lamina disk-detach one xvdb &&
            wait_for 30 has_not block/xvdb || return 1
    done
}

interface_comes_and_goes() {
    for turn in 1 2; do
        lamina net-attach one bridge=$BRIDGE,mac=00:16:3e:00:01:01 &&
            wait_for 30 has class/net/eth1 || return 1
        in_domain one "ip link set eth1 up; ip addr add 10.77.1.2/24 dev eth1" || return 1
        ip addr add 10.77.1.1/24 dev $BRIDGE
        pings 1000 10.77.1.2 || return 1
        ip addr del 10.77.1.1/24 dev $BRIDGE
        lamina net-list one && lamina net-detach one 00:16:3e:00:01:01 &&
            wait_for 30 has_not class/net/eth1 || return 1
    done
}

# A slice shows its bytes only, and lets none be written beside them.
slice() {
    dd if=/dev/zero of=$EXTRA bs=1M count=16 2>/dev/null
    lamina disk-attach one $EXTRA,xvdb,offset=4194304,size=1048576 &&
        wait_for 30 has block/xvdb || return 1
    in_domain one "[ \$(cat /sys/block/xvdb/size) = 2048 ] || exit 1
        tr '\\0' A </dev/zero | dd of=/dev/xvdb bs=64k; sync" || return 1
    lamina disk-detach one xvdb || return 1
    sync
    [ "$(tr -d '\0' <$EXTRA | wc -c)" = 1048576 ] &&
        [ "$(tail -c +4194305 $EXTRA | head -c 1048576 | tr -d A | wc -c)" = 0 ]
}

read_only() {
    lamina disk-attach one $EXTRA,xvdb,ro && wait_for 30 has block/xvdb &&
        in_domain one "[ \$(cat /sys/block/xvdb/ro) = 1 ] || exit 1
            ! dd if=/tmp/a of=/dev/xvdb bs=4k count=1 conv=fsync" &&
        lamina disk-detach one xvdb
}

# Nothing failed.
loaded() {
    in_domain one "tail -n 3 /tmp/io /tmp/net; [ ! -e /tmp/io.bad -a ! -e /tmp/net.bad ] || exit 1
        grep -q 'records out' /tmp/io && tail -n 1 /tmp/net | grep -q '500 answered'"
}

linux_domain one 2 vmlinuz
linux_domain two 3 vmlinuz-cloud
make_disk $EXTRA 16
check "warm up" warm_up
note_use /tmp/before
check "create" create one
check "ready" ready one || stop_at_once "the domain does not come up"
VARIES=frames
note_use /tmp/one
check "load" load
check "a disk comes and goes" disk_comes_and_goes
check "an interface comes and goes" interface_comes_and_goes
check "nothing is left of them" nothing_left /tmp/one
check "a slice of a file" slice
check "a disk that is read only" read_only
check "nothing is left of them" nothing_left /tmp/one
check "the load goes on" loaded
sed -i "s|$WORK/two.img|$WORK/one.img|" $WORK/two.xml
check_refused "a disk in use, at creation" 4 create two
check_refused "a disk in use, by the domain itself" 4 lamina disk-attach one $WORK/one.img,xvdc
check_refused "a target in use" 4 lamina disk-attach one $EXTRA,xvda
check_refused "a disk that is not there" 1 lamina disk-detach one xvdz
check_refused "an interface that is not there" 1 lamina net-detach one 7
check "nothing is left of them" nothing_left /tmp/one
check "no more load" in_domain one "rm /tmp/load"
check "destroy" lamina destroy one
VARIES=
check "nothing is left" nothing_left /tmp/before
finish
