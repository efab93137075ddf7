#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Builder: kernels of every kind are started by the builder alone, first unpacked and then from the
# cache; the cache is damaged in between; and what cannot be built says so and leaves nothing.

. /usr/lib/lamina/tests/lib

CACHE=/var/cache/lamina/kernels
LINUX="console=hvc0 loglevel=7"

start() { /tests/start_domain "$@"; }

# The only contents that there are.
kept() { [ "$(ls $CACHE | grep -c '\.elf$')" = "$1" ]; }

micro_starts() {
    check "a kernel that is one page of code, $1" \
        start $GUESTS/domu.elf - 16 30 "LAMINA-DOMU tiny ready" lamina.name=tiny
}

cloud_starts() {
    check "Debian's kernel for clouds, $1" \
        start $GUESTS/vmlinuz-cloud $GUESTS/initrd.img 128 120 "Run /init as init" "$LINUX"
}

all_start() {
    micro_starts "$1"
    cloud_starts "$1"
    check "Debian's kernel, $1" \
        start $GUESTS/vmlinuz $GUESTS/initrd.img 128 120 "Run /init as init" "$LINUX"
    check "PV GRUB, $1" start /usr/lib/grub-xen/grub-x86_64-xen.bin - 64 60 "Welcome to GRUB"
}

# says TEXT COMMAND...: the command fails with one line that contains the text.
says() {
    text=$1
    shift
    ! "$@" >/tmp/out 2>&1 && cat /tmp/out && [ "$(wc -l </tmp/out)" = 1 ] &&
        grep -q "$text" /tmp/out
}

all_start "unpacked"
check "four kernels are kept" kept 4
all_start "from the cache"
check "and no more" kept 4
check "an uncompressed kernel" sh -c "cp \$(ls -S $CACHE/*.elf | head -n 1) $WORK/vmlinux"
check "an uncompressed kernel starts" \
    start $WORK/vmlinux $GUESTS/initrd.img 128 120 "Run /init as init" "$LINUX"

for file in $CACHE/*.elf; do
    printf 'damage' | dd of="$file" bs=1 seek=300 conv=notrunc 2>/dev/null
done
micro_starts "after the cache was damaged"
cloud_starts "after the cache was damaged"
check "what was damaged is replaced" kept 5

dd if=$GUESTS/vmlinuz of=$WORK/short bs=1k count=5000 2>/dev/null
check "half a kernel" says "$WORK/short: truncated" start $WORK/short - 128 1 none
check "no kernel at all" says "neither a bzImage nor an ELF" start $GUESTS/initrd.img - 128 1 none
check "no file" says "No such file" start $WORK/none - 128 1 none
check "an initrd that is missing" says "initrd $WORK/none" \
    start $GUESTS/domu.elf $WORK/none 128 1 none
check "too little memory" says "too little" start $GUESTS/vmlinuz - 32 1 none
check "an initrd that is too large" says "too little" \
    start $GUESTS/domu.elf $WORK/vmlinux 32 1 none
check "more memory than there is" says "needs 100000 MiB, [0-9]* MiB are free" \
    start $GUESTS/domu.elf - 100000 1 none
micro_starts "after all that"
finish
