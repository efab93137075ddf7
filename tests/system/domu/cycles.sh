#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Cycles: domains come and go, one after the other, ten at once, and by force at bad moments;
# afterwards everything is as it was. The command line may say lamina.cycles=NUMBER.

. /usr/lib/lamina/tests/lib

CYCLES=$(sed -n 's/.*lamina\.cycles=\([0-9]*\).*/\1/p' /proc/cmdline)
CYCLES=${CYCLES:-200}
WARM=20       # until caches and heaps have the size that they keep
GROWTH_KIB=64 # a page here and there, whatever the number of cycles

cycle() { create tiny && lamina destroy tiny; }

cycles() { # NUMBER
    for turn in $(seq "$1"); do
        cycle || { echo "turn $turn"; return 1; }
        [ $((turn % 100)) != 0 ] || echo "after $turn: $(memory_in_use | tr '\n' ' ')" >>/tmp/growth
    done
}

not_grown() {
    cat /tmp/growth
    memory_as /tmp/memory-before $GROWTH_KIB
}

# A micro-guest with a disk, so that back ends and loop devices take part.
cycle_of_linux() {
    create linux --paused && lamina destroy linux
}

# The numbers of the ten begin again at 1 in their midst.
ten_at_once() {
    xenstore-write /lamina/last-domain 1018
    for number in $(seq 10); do
        tiny_domain tiny$number
        create tiny$number &
        pids="$pids $!"
    done
    for pid in $pids; do wait "$pid" || return 1; done
    for number in $(seq 10); do ready tiny$number 60 || return 1; done
    lamina list
    for number in $(seq 10); do lamina destroy tiny$number || return 1; done
}

booting() { # destroyed at several moments of its boot
    for word in "Linux version" "Freeing SMP" "Freeing unused"; do
        create linux || return 1
        talk "$(console linux)" -t 60 expect "$word" || return 1
        lamina destroy linux || return 1
    done
}

has_begun() { [ "$(xenstore-read "$1")" -ge 2 ]; }

connecting() { # its front ends have just begun to speak with their back ends
    create linux || return 1
    id=$(lamina domid linux)
    wait_for 60 has_begun /local/domain/$id/device/vbd/51712/state || return 1
    lamina destroy linux
}

writing() {
    create linux && ready linux &&
        in_domain linux "dd if=/dev/zero of=/dev/xvda bs=64k >/dev/null 2>&1 &" || return 1
    wait_for 30 grows $WORK/linux.img || return 1
    lamina destroy linux
}

grows() { [ "$(du -k "$1" | cut -f 1)" -gt 8000 ]; }

panicking() {
    create linux && ready linux || return 1
    talk "$(console linux)" send "echo c >/proc/sysrq-trigger
"
    until_gone linux
}

breaking() { # the hypervisor ends it
    create tiny && ready tiny && talk "$(console tiny)" send x || return 1
    until_gone tiny
}

tiny_domain tiny "<on_crash>destroy</on_crash>"
linux_domain linux 2 vmlinuz "<on_crash>destroy</on_crash>"
sed -i 's/loglevel=5/loglevel=7/' $WORK/linux.xml
check "warm up" warm_up
note_use /tmp/before
check "$WARM cycles to warm up" cycles $WARM
check "a domain with devices" cycle_of_linux
check "nothing is left" nothing_left /tmp/before
memory_in_use >/tmp/memory-before
check "$CYCLES cycles" cycles "$CYCLES"
check "nothing is left" nothing_left /tmp/before
check "the daemons have not grown" not_grown
check "ten at once" ten_at_once
check "nothing is left" nothing_left /tmp/before
for moment in booting connecting writing panicking breaking; do
    check "$moment" $moment
    check "nothing is left after $moment" nothing_left /tmp/before
done
finish
