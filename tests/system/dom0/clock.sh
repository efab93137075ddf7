#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Clock: see clock_drift.c.

if /tests/clock_drift 20; then
    echo "LAMINA-TEST clock ok"
else
    echo "LAMINA-TEST clock not ok: status $?"
fi
