#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Traffic: two Linux domains, of a generic and a cloud kernel, and a micro-guest run at once. Disks
# give back what was written, no ping and no byte of a stream is lost, in any direction.

. /usr/lib/lamina/tests/lib

PINGS=10000 MIB=64

banners() {
    linux_domain generic 2 vmlinuz
    linux_domain cloud 3 vmlinuz-cloud
    tiny_domain tiny
    check "warm up" warm_up
    note_use /tmp/before
    for name in generic cloud tiny; do
        check "create $name" create $name
    done
    for name in generic cloud tiny; do
        check "banner of $name" ready $name || stop_at_once "the domains do not come up"
    done
    check "three at once" sh -c 'lamina list; [ "$(counts | sed -n "s/^domains //p")" = 4 ]'
}

# A file of random bytes, dropped from the domain's cache and read back from its disk.
disk_keeps() {
    in_domain "$1" "modprobe ext4; mkdir -p /mnt; mount -t ext4 /dev/xvda /mnt" &&
        wrote=$(in_domain "$1" "head -c ${MIB}m /dev/urandom | tee /mnt/file | sha256sum") &&
        in_domain "$1" "umount /mnt; mount -t ext4 /dev/xvda /mnt
            echo 3 >/proc/sys/vm/drop_caches" &&
        found=$(in_domain "$1" "sha256sum </mnt/file") &&
        in_domain "$1" "umount /mnt" &&
        echo "$wrote / $found" && [ -n "$wrote" ] && [ "${wrote##*$'\n'}" = "${found##*$'\n'}" ]
}

# on WHERE COMMAND: in dom0 or in a domain; programs are in the same folder there and here.
on() {
    if [ "$1" = dom0 ]; then
        sh -c "$2"
    else
        in_domain "$1" "PATH=/tests:\$PATH; $2"
    fi
}

address() { # WHERE
    case $1 in
    dom0) echo $DOM0_ADDRESS ;;
    generic) echo 10.77.0.2 ;;
    cloud) echo 10.77.0.3 ;;
    esac
}

UNTIL='until grep -qs'
DO='/tmp/stream; do usleep 20000; done'

stream_between() { # FROM TO
    on "$2" "{ stream receive 5000 $MIB; echo ended \$?; } >/tmp/stream 2>&1 &" &&
        on "$2" "$UNTIL ready $DO" &&
        on "$1" "stream send $(address "$2") 5000 $MIB" &&
        on "$2" "$UNTIL ended $DO; cat /tmp/stream; grep -q 'ended 0' /tmp/stream"
}

banners
for name in generic cloud; do
    check "$MIB MiB written to the disk of $name and read back" disk_keeps $name
done
for pair in dom0:generic generic:dom0 dom0:cloud cloud:dom0 generic:cloud cloud:generic; do
    from=${pair%:*} to=${pair#*:}
    check "$PINGS pings from $from to $to" on $from "pings $PINGS $(address $to)"
done
for pair in dom0:generic generic:dom0 generic:cloud cloud:generic; do
    from=${pair%:*} to=${pair#*:}
    check "a stream of $MIB MiB from $from to $to" stream_between $from $to
done
for name in generic cloud; do check "destroy $name" lamina destroy $name; done
check "tiny powers itself off" sh -c 'talk "$1" send p' - "$(console tiny)"
check "tiny is gone" until_gone tiny
check "nothing is left" nothing_left /tmp/before
finish
