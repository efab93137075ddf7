#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Killed: each daemon by -9, while a domain works with its disk and its interface, and while another
# one is created. Domains go on, the tool completes or reports, and nothing leaks.

. /usr/lib/lamina/tests/lib

# The disk and the interface are busy for as long as /tmp/work exists.
work() {
    in_domain busy "modprobe ext4; mount -t ext4 /dev/xvda /mnt && touch /tmp/work" &&
        in_domain busy "{ while [ -e /tmp/work ]; do head -c 4m /dev/urandom >/mnt/a; sync
            echo 3 >/proc/sys/vm/drop_caches; sha256sum </mnt/a >/tmp/1; sha256sum </mnt/a >/tmp/2
            cmp /tmp/1 /tmp/2 || touch /tmp/bad; echo >>/tmp/rounds; done; echo >/tmp/over; } &"
}

rounds() { in_domain busy "wc -l </tmp/rounds" | tail -n 1; }
more_rounds() { [ "$(rounds)" -gt "$1" ]; }

still_works() {
    before=$(rounds)
    wait_for 60 more_rounds "$before" && pings 1000 10.77.0.2 &&
        in_domain busy "/tests/pings 1000 $DOM0_ADDRESS && [ ! -e /tmp/bad ]"
}

# The daemon dies while a domain is created; what lamina does then is its choice, if it says so.
during_create() { # DAEMON
    create other >/tmp/create 2>&1 &
    maker=$!
    restart "$1" || return 1
    wait $maker
    code=$?
    cat /tmp/create
    if [ $code = 0 ]; then
        ready other && lamina destroy other
    else
        [ -s /tmp/create ] && is_gone other
    fi
}

# The tool itself dies at some moment of a creation; laminad takes the rest away.
tool_killed() {
    for delay in 20000 50000 100000 200000 400000; do
        lamina create $WORK/other.xml >/dev/null 2>&1 &
        maker=$!
        usleep $delay
        kill -9 $maker 2>/dev/null
        wait $maker
        lamina destroy other 2>/dev/null
        until_gone other 20 || return 1
    done
}

linux_domain other 3 vmlinuz-cloud
linux_domain busy 2 vmlinuz
check "warm up" warm_up
note_use /tmp/before
check "create busy" create busy
check "busy is up" ready busy || stop_at_once "no domain to work with"
check "busy works" work
# laminad has a second connection from its start, until the store is killed under it.
VARIES='\(frames\|lamina-stored.descriptors\|laminad.descriptors\)'
note_use /tmp/working
for daemon in $ALL_DAEMONS; do
    check "$daemon killed during I/O and started again" restart $daemon
    check "busy still works" still_works
    check "$daemon killed while a domain is created" during_create $daemon
    check "busy still works" still_works
    check "nothing is left" nothing_left /tmp/working
done
check "the tool killed at five moments of a creation" tool_killed
check "nothing is left" nothing_left /tmp/working
check "busy ends its work" in_domain busy "rm /tmp/work
    until [ -e /tmp/over ]; do usleep 50000; done
    [ ! -e /tmp/bad ] && umount /mnt"
check "destroy busy" lamina destroy busy
VARIES=
check "nothing is left" nothing_left /tmp/before
finish
