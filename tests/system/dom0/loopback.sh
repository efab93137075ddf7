#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Loopback: dom0 is its own guest. Its kernel's back ends serve disks and an interface to its own
# front ends, by the library of devices: what goes in comes out, what must be refused is, and
# afterwards nothing is left; not after the store daemon was killed in between either.

NAME=loopback
PATH=/tests:$PATH
fail() { [ ! -s /run/err ] || cat /run/err; echo "LAMINA-TEST $NAME not ok: $*"; exit 1; }
say() { echo "loopback: $*"; }

# refused PART COMMAND...: it fails, with one line that holds PART.
refused() {
    part=$1
    shift
    "$@" 2>/run/err && fail "not refused: $*"
    grep -q "$part" /run/err || fail "$*: not '$part'"
    [ "$(wc -l </run/err)" = 1 ] || fail "$*: more than one line"
}

# until_true COMMAND...: for what only the kernel knows of; bounded.
until_true() {
    left=150
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        usleep 50000
    done
}

sum() { sha256sum "$1" | cut -d ' ' -f 1; }
forget_cache() { sync; echo 3 >/proc/sys/vm/drop_caches; }
in_use() { losetup -a; ls /sys/class/net /sys/class/block | grep -v '^loop'; device dump /; }
is_as_before() { in_use >/run/now; cmp -s /run/before /run/now; }
nothing_left() { until_true is_as_before || { diff /run/before /run/now; fail "left after $1"; }; }

attach() { device disk 0 "$@" 2>/run/err && device connected 0 2>>/run/err || fail "attach $*"; }
detach() { device detach 0 "$1" 2>/run/err || fail "detach $1"; }

modprobe -a loop xen-blkback xen-netback xen-blkfront xen-netfront bridge vfat
lamina-stored || fail "no store"
ip link add br0 type bridge && ip addr add 10.9.0.1/24 dev br0 && ip link set br0 up
device dump / >/dev/null || fail "store does not answer"
head -c 64m /dev/urandom >/run/data
truncate -s 64M /run/a.img
truncate -s 4M /run/b.img

# The folders that a first device makes stay with its domain.
attach /run/b.img xvda
detach xvda
in_use >/run/before

say "64 MiB through a file"
attach /run/a.img xvda
[ -b /dev/xvda ] || until_true test -b /dev/xvda || fail "no /dev/xvda"
dd if=/run/data of=/dev/xvda bs=1M conv=fsync 2>/run/err || fail "write"
forget_cache
[ "$(sum /dev/xvda)" = "$(sum /run/data)" ] || fail "other bytes come back"
refused "has it as xvda" device disk 1 /run/a.img xvda
refused "has a disk xvda already" device disk 0 /run/b.img xvda
device list 0
kill -9 "$(pidof lamina-stored)"
lamina-stored || fail "the store does not start again"
forget_cache
[ "$(sum /dev/xvda)" = "$(sum /run/data)" ] || fail "other bytes after the store's new start"
detach xvda
cmp /run/data /run/a.img || fail "other bytes in the file"
rm /run/data
nothing_left "a file"

say "reading only"
attach /run/a.img xvdb ro
until_true test -b /dev/xvdb || fail "no /dev/xvdb"
dd if=/dev/zero of=/dev/xvdb bs=4096 count=1 conv=fsync 2>/dev/null && fail "written to"
[ "$(sum /dev/xvdb)" = "$(sum /run/a.img)" ] || fail "other bytes read"
detach xvdb
nothing_left "reading only"

say "slices of a file and of a block device"
head -c 1m /dev/zero >/run/zero
cp /run/b.img /run/expected
attach /run/b.img xvdc slice 1048576 1048576
until_true test -b /dev/xvdc || fail "no /dev/xvdc"
[ "$(blockdev --getsize64 /dev/xvdc)" = 1048576 ] || fail "a slice of another size"
yes | head -c 2m >/run/pattern
dd if=/run/pattern of=/dev/xvdc bs=64k conv=fsync 2>/dev/null && fail "written beyond a slice"
sync
detach xvdc
dd if=/run/pattern of=/run/expected bs=1M seek=1 count=1 conv=notrunc 2>/dev/null
cmp /run/b.img /run/expected || fail "a slice does not keep to its bytes"
loop=$(losetup -f)
losetup "$loop" /run/b.img
attach "$loop" xvdc block slice 2097152 1048576
until_true test -b /dev/xvdc || fail "no /dev/xvdc"
dd if=/run/pattern of=/dev/xvdc bs=64k conv=fsync 2>/dev/null && fail "written beyond a slice"
refused "$loop in dom0 has it" device disk 0 /run/b.img xvdd
refused "has it as xvdc" device disk 0 "$loop" xvdd block
refused "has it as xvdc" device disk 0 "$loop" xvdd block slice 3145216 1024
detach xvdc
losetup -d "$loop"
dd if=/run/pattern of=/run/expected bs=1M seek=2 count=1 conv=notrunc 2>/dev/null
cmp /run/b.img /run/expected || fail "a slice of a block device does not keep to its bytes"
nothing_left "slices"

say "what dom0 uses"
mkdosfs /run/b.img || fail "mkdosfs"
losetup "$loop" /run/b.img
refused "$loop in dom0 has it" device disk 0 /run/b.img xvda
refused "$loop in dom0 has it" device disk 0 /run/b.img xvda ro
mkdir -p /run/mnt
mount -t vfat "$loop" /run/mnt || fail "mount"
refused "mounted on /run/mnt" device disk 0 "$loop" xvda block
refused "mounted on /run/mnt" device disk 0 "$loop" xvda block ro
umount /run/mnt
mount -t vfat -o ro "$loop" /run/mnt || fail "mount to read"
refused "mounted on /run/mnt" device disk 0 "$loop" xvda block
attach "$loop" xvda block ro
detach xvda
umount /run/mnt
dd if=/dev/zero of="$loop" bs=1M count=4 2>/dev/null
mkswap "$loop" >/dev/null
swapon "$loop" || fail "swapon"
refused "as swap" device disk 0 "$loop" xvda block
swapoff "$loop"
losetup -d "$loop"
losetup -r "$loop" /run/b.img
refused "$loop in dom0 has it" device disk 0 /run/b.img xvda
attach /run/b.img xvda ro
detach xvda
losetup -d "$loop"
refused "No such file" device disk 0 /run/none.img xvda
nothing_left "what dom0 uses"

say "an interface"
refused "no bridge br7" device interface 0 0 br7
refused "but no bridge" device interface 0 0 lo
device interface 0 0 br0 2>/run/err || fail "attach an interface"
device connected 0 2>/run/err || fail "the interface does not connect"
device list 0
[ -e /sys/class/net/br0/brif/vif0.0 ] || fail "not on the bridge"
front=$(basename "$(dirname "$(grep -l . /sys/devices/vif-0/net/*/address | head -n 1)")")
[ -n "$front" ] || fail "no front end"
# The other end lives in a network of its own, so that packets have to go through.
unshare -n sleep 1000 &
holder=$!
apart() { [ "$(readlink /proc/$holder/ns/net)" != "$(readlink /proc/self/ns/net)" ]; }
until_true apart || fail "no other network"
ip link set "$front" netns $holder || fail "cannot move $front"
nsenter -t $holder -n ip addr add 10.9.0.2/24 dev "$front"
nsenter -t $holder -n ip link set "$front" up
until_true ping -c 1 -W 1 10.9.0.2 || fail "no answer"
ping -c 50 -A -s 1400 -q 10.9.0.2 | grep -q " 0% packet loss" || fail "packets are lost"
head -c 16m /dev/urandom >/run/data
# Either end stops when its input ends: the receiver's stays open.
mkfifo /run/open
sleep 1000 >/run/open &
opener=$!
nsenter -t $holder -n nc -l -p 7 </run/open >/run/received &
receiver=$!
until_true nsenter -t $holder -n grep -q ":0007 " /proc/net/tcp
nc 10.9.0.2 7 </run/data || fail "cannot send"
wait $receiver
cmp /run/data /run/received || fail "other bytes arrive"
rm /run/data /run/received /run/open
detach vif0.0
kill $holder $opener
nothing_left "an interface"

# A disk also by force. Not so an interface: here one thread of the kernel serves both ends, and
# the front end's would wait for the back end's.
say "ten times"
i=0
while [ $i -lt 10 ]; do
    attach /run/a.img xvda
    [ $((i % 2)) = 0 ] && detach xvda
    device release 0 2>/run/err || fail "release"
    device interface 0 1 br0 2>/run/err || fail "attach an interface again"
    device connected 0 2>/run/err || fail "the interface does not connect again"
    detach vif0.1
    i=$((i + 1))
done
nothing_left "ten times"
echo "LAMINA-TEST $NAME ok"
