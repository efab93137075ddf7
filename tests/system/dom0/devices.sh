#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Devices: every disk and network card that this machine has works, by interrupts. A file written
# to a disk and read back from the medium has the same checksum; the gateway answers pings.

NAME=devices
fail() { echo "LAMINA-TEST $NAME not ok: $*"; exit 1; }

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
    left=$1
    shift
    until "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 1
    done
}

# The interrupts counted so far on the lines that match $1.
interrupts() {
    awk -v want="$1" '$0 ~ want { for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) n += $i }
        END { print n + 0 }' /proc/interrupts
}

disks() { ls /sys/block | grep -E '^(vd[a-z]|sd[a-z]|nvme[0-9]+n[0-9]+)$'; }
cards() { ls /sys/class/net | grep -v '^lo$'; }
some() { [ -n "$("$1")" ]; }

test_disk() {
    disk=$1
    case $disk in
    vd*) line=virtio ;;
    sd*) line=ahci ;;
    nvme*) line=nvme ;;
    esac
    before=$(interrupts "$line")
    mke2fs -q "/dev/$disk" >/dev/null 2>&1 || fail "$disk: cannot be formatted"
    mount -t ext4 "/dev/$disk" /mnt || fail "$disk: cannot be mounted"
    dd if=/dev/urandom of=/tmp/data bs=1M count=16 2>/dev/null
    cp /tmp/data /mnt/data || fail "$disk: write failed"
    umount /mnt || fail "$disk: cannot be unmounted"
    echo 3 >/proc/sys/vm/drop_caches
    mount -t ext4 "/dev/$disk" /mnt || fail "$disk: cannot be mounted again"
    wrote=$(sha256sum </tmp/data)
    [ "$(sha256sum </mnt/data)" = "$wrote" ] || fail "$disk: what was read is not what was written"
    umount /mnt
    after=$(interrupts "$line")
    [ "$after" -gt "$before" ] || fail "$disk: no interrupt on $line"
    echo "$disk: 16 MiB, $((after - before)) interrupts on $line"
}

test_network() {
    card=$1
    driver=$(basename "$(readlink "/sys/class/net/$card/device/driver")")
    line=$card
    [ "$driver" != virtio_net ] || line=virtio
    before=$(interrupts "$line")
    ip link set "$card" up
    ip addr add 10.0.2.15/24 dev "$card"
    wait_for 30 ping -c 1 -W 1 10.0.2.2 >/dev/null || fail "$card: the gateway does not answer"
    ping -c 20 -i 0.1 -s 1400 10.0.2.2 | grep -q ' 0% packet loss' || fail "$card: packets are lost"
    after=$(interrupts "$line")
    [ "$after" -gt "$before" ] || fail "$card: no interrupt on $line"
    echo "$card ($driver): $((after - before)) interrupts on $line"
}

wait_for 30 some disks || fail "no disk appeared"
wait_for 30 some cards || fail "no network card appeared"
for disk in $(disks); do test_disk "$disk"; done
for card in $(cards); do test_network "$card"; done
cat /proc/interrupts
echo "LAMINA-TEST $NAME ok $(disks | tr '\n' ' ')$(cards)"
