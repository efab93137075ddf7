#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Devices: every disk and network card that this machine has works, by interrupts of its own and of
# the kind that the command line names (lamina.disk= and lamina.net=: msix, msi or line). A file
# written to a disk and read back from the medium has the same checksum; the gateway answers pings.

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

# The kind of interrupt that the command line names for $1 (disk or net).
wanted_kind() { sed -n "s/.*lamina\.$1=\([a-z]*\).*/\1/p" /proc/cmdline; }

# The PCI device that $1, a folder of sysfs, belongs to: the next one up that has an interrupt.
pci_device() {
    folder=$(readlink -f "$1")
    until [ -e "$folder/irq" ]; do
        folder=${folder%/*}
        [ -n "$folder" ] || return 1
    done
    echo "$folder"
}

# How the PCI device $1 interrupts. The kernel lists message-signalled interrupts by their number.
kind() {
    set -- "$1"/msi_irqs/*
    if [ -e "$1" ]; then cat "$1"; else echo line; fi
}

numbers() {
    if [ "$(kind "$1")" = line ]; then cat "$1/irq"; else ls "$1/msi_irqs"; fi
}

# The interrupts of the PCI device $1 that were counted so far.
interrupts() {
    awk -v want=" $(numbers "$1" | tr '\n' ' ') " '{ number = $1; sub(":", "", number) }
        index(want, " " number " ") {
            for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) n += $i }
        END { print n + 0 }' /proc/interrupts
}

# That the PCI device $2, called $1, had more than $3 interrupts, of kind $4.
check_interrupts() {
    count=$(($(interrupts "$2") - $3))
    [ "$(kind "$2")" = "$4" ] || fail "$1: interrupts by $(kind "$2"), not by $4"
    [ "$count" -gt 0 ] || fail "$1: no interrupt came"
    echo "$1: $count interrupts by $4"
}

disks() { ls /sys/block | grep -E '^(vd[a-z]|sd[a-z]|nvme[0-9]+n[0-9]+)$'; }
cards() { ls /sys/class/net | grep -v '^lo$'; }
some() { [ -n "$("$1")" ]; }

test_disk() {
    disk=$1
    case $disk in
    nvme*) device=/sys/class/nvme/${disk%n*}/device ;; # a disk may have several controllers
    *) device=/sys/block/$disk/device ;;
    esac
    device=$(pci_device "$device") || fail "$disk belongs to no device with an interrupt"
    before=$(interrupts "$device")
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
    check_interrupts "$disk" "$device" "$before" "$(wanted_kind disk)"
}

test_network() {
    card=$1
    device=$(pci_device "/sys/class/net/$card/device") ||
        fail "$card belongs to no device with an interrupt"
    before=$(interrupts "$device")
    ip link set "$card" up
    ip addr add 10.0.2.15/24 dev "$card"
    wait_for 30 ping -c 1 -W 1 10.0.2.2 >/dev/null || fail "$card: the gateway does not answer"
    ping -c 20 -i 0.1 -s 1400 10.0.2.2 | grep -q ' 0% packet loss' || fail "$card: packets are lost"
    check_interrupts "$card" "$device" "$before" "$(wanted_kind net)"
}

wait_for 30 some disks || fail "no disk appeared"
wait_for 30 some cards || fail "no network card appeared"
for disk in $(disks); do test_disk "$disk"; done
for card in $(cards); do test_network "$card"; done
cat /proc/interrupts
echo "LAMINA-TEST $NAME ok $(disks | tr '\n' ' ')$(cards)"
