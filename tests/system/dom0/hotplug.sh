#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Hot plug: a processor goes away and comes back, and runs programs afterwards.

NAME=hotplug
CPU=/sys/devices/system/cpu/cpu1
fail() { echo "LAMINA-TEST $NAME not ok: $*"; exit 1; }
online() { cat /sys/devices/system/cpu/online; }

[ -e $CPU/online ] || fail "no second processor"
for turn in 1 2 3 4 5; do
    echo 0 >$CPU/online || fail "turn $turn: going offline failed"
    [ "$(online)" = 0 ] || fail "turn $turn: online is $(online)"
    taskset 2 true 2>/dev/null && fail "turn $turn: a program ran on the absent processor"
    echo 1 >$CPU/online || fail "turn $turn: coming online failed"
    [ "$(online)" = 0-1 ] || fail "turn $turn: online is $(online)"
    taskset 2 sh -c 'i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); done' ||
        fail "turn $turn: the processor runs nothing"
done
echo "LAMINA-TEST $NAME ok"
