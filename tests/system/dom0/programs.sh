#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Programs: each of these exits with 0 and says what it did, or says what went wrong.

NAME=programs
fail() { echo "LAMINA-TEST $NAME not ok: $*"; exit 1; }

for program in hello32 signals debugger stress; do
    echo "== $program"
    /tests/$program || fail "$program, status $?"
done

# Vector state: on all processors at once.
echo "== fpu"
pids=
for processor in $(seq 0 $(($(nproc) - 1))); do
    /tests/fpu "$processor" &
    pids="$pids $!"
done
for pid in $pids; do
    wait "$pid" || fail "fpu, status $?"
done
echo "LAMINA-TEST $NAME ok"
