#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# What a creation costs, for scripts/figures.py: a domain of 128 MiB with Debian's kernel, already
# unpacked, up to the point where only its unpausing is left. And whether the daemons sleep. Before
# and after what is measured it waits for a line, so that the measuring can be turned on and off.

. /usr/lib/lamina/tests/lib

mark() {
    echo "LAMINA-MARK $1"
    read -r line
}

measured() { # NAME
    mark before
    ticks "create_$1" lamina create --paused $WORK/"$1".xml || return 1
    mark after
    lamina destroy "$1" && until_gone "$1"
}

# How often the daemons were woken in ten seconds beside a domain that runs and says nothing.
wake_ups() {
    for daemon in $ALL_DAEMONS; do
        awk '/_switches/ { n += $2 } END { print n }' /proc/"$(pidof $daemon)"/status
    done | awk '{ n += $1 } END { print n }'
}

plain_xml() { domain_xml plain $GUESTS/vmlinuz 128 "" >$WORK/plain.xml; }

devices_xml() {
    make_disk $WORK/devices.img 96
    domain_xml devices $GUESTS/vmlinuz 128 "" \
        "$(disk_xml $WORK/devices.img xvda)$(interface_xml 9)" >$WORK/devices.xml
}

plain_xml
devices_xml
check "warm up" warm_up
measured plain || stop_at_once "plain was not created"
measured devices || stop_at_once "devices was not created"
tiny_domain tiny
check "create tiny" create tiny && check "tiny is up" ready tiny
before=$(wake_ups)
usleep 10000000
echo "FIGURE daemon_wake_ups $(($(wake_ups) - before))"
check "destroy tiny" lamina destroy tiny
finish
