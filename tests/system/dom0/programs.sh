#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Programs: each of these exits with 0 and says what it did, or says what went wrong.

NAME=programs
for program in hello32 signals debugger stress fpu; do
    echo "== $program"
    /tests/$program || { echo "LAMINA-TEST $NAME not ok: $program, status $?"; exit 1; }
done
echo "LAMINA-TEST $NAME ok"
