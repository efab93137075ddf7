#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Life: a domain is shut down, restarted, paused, made smaller and larger, from outside and from
# inside; and every way to end is answered as its configuration says.

. /usr/lib/lamina/tests/lib

# ---- one domain's life --------------------------------------------------------------------------

state() { lamina list "$1" | tail -n 1; }

# The clock of a paused domain stands still as far as its console shows.
paused_is_silent() {
    lamina pause one && state one && state one | grep -q paused || return 1
    ! in_domain one "echo still here" 3 || return 1
    lamina unpause one && in_domain one "echo here again"
}

memory_of() { in_domain one "awk '/^MemTotal/ { print \$2 }' /proc/meminfo" | tail -n 1; }
smaller_than() { [ "$(memory_of)" -lt "$1" ]; }
larger_than() { [ "$(memory_of)" -gt "$1" ]; }

memory_down_and_up() {
    full=$(memory_of)
    lamina set-memory one 120M && wait_for 60 smaller_than $((full - 30000)) || return 1
    frames_small=$(counts | sed -n 's/^frames //p')
    lamina set-memory one 160M && wait_for 60 larger_than $((full - 2000)) || return 1
    frames_large=$(counts | sed -n 's/^frames //p')
    echo "free frames: $frames_small, then $frames_large"
    [ $((frames_small - frames_large)) -ge 10000 ] && [ $((frames_small - frames_large)) -le 10500 ]
}

online() { in_domain one "nproc" | tail -n 1; }
online_is() { [ "$(online)" = "$1" ]; }

vcpus_down_and_up() {
    online_is 2 || return 1
    for turn in 1 2 3; do
        lamina set-vcpus one 1 && wait_for 60 online_is 1 || return 1
        lamina set-vcpus one 2 || return 1
        in_domain one "echo 1 >/sys/devices/system/cpu/cpu1/online; true"
        wait_for 60 online_is 2 || return 1
    done
}

# Two readers at once; what one types both see.
console_twice() {
    path=$(console one)
    talk "$path" -t 60 expect "seen by two" >/tmp/two &
    second=$!
    in_domain one "echo seen; echo seen by two" && wait $second
}

pinned() {
    lamina vcpu-pin one 0 1 && lamina vcpu-list one && in_domain one "echo pinned" &&
        lamina vcpu-pin one 0 all && in_domain one "echo free"
}

renamed() {
    lamina rename one uno && lamina domid uno && ! lamina domid one && lamina rename uno one
}

same_answers() { # by name, number and uuid
    id=$(lamina domid one)
    uuid=$(lamina dumpxml one | sed -n 's|.*<uuid>\(.*\)</uuid>.*|\1|p')
    [ "$(lamina domid "$uuid")" = "$id" ] && [ "$(lamina domname "$id")" = one ]
}

dump_creates() { # what dumpxml prints is a configuration
    lamina dumpxml one >$WORK/dump.xml && lamina validate --strict $WORK/dump.xml
}

# ---- ends ---------------------------------------------------------------------------------------

number_changed() { id=$(lamina domid "$1") && [ "$id" != "$2" ]; }
shows() { state "$1" | grep -q "$2"; }

# ending NAME ACTIONS LETTER: a micro-guest with these actions that ends itself in that way.
ending() {
    lamina destroy "$1" 2>/dev/null
    tiny_domain "$1" "$2"
    create "$1" && ready "$1" || return 1
    was=$(lamina domid "$1")
    talk "$(console "$1")" send "$3"
}

on_destroy() { ending tiny "<$1>destroy</$1>" "$2" && until_gone tiny; }

on_restart() {
    ending tiny "<$1>restart</$1>" "$2" && wait_for 60 number_changed tiny "$was" &&
        ready tiny && lamina destroy tiny
}

on_preserve() {
    ending tiny "<$1>preserve</$1>" "$2" && wait_for 60 shows tiny "$3" || return 1
    [ "$(lamina domid tiny)" = "$was" ] && lamina destroy tiny
}

on_rename_restart() {
    ending tiny "<$1>rename-restart</$1>" "$2" && wait_for 60 number_changed tiny "$was" &&
        ready tiny && lamina domname "$was" && lamina list && lamina destroy "$was" &&
        lamina destroy tiny
}

on_coredump() { # ACTION
    ending tiny "<on_crash>coredump-$1</on_crash>" c || return 1
    if [ "$1" = restart ]; then
        wait_for 60 number_changed tiny "$was" && ready tiny && lamina destroy tiny
    else
        until_gone tiny
    fi
    ls -l /var/lib/lamina/dump && ls /var/lib/lamina/dump/*tiny* && rm /var/lib/lamina/dump/*tiny*
}

linux_domain one 2 vmlinuz "<vcpu>2</vcpu>"
check "warm up" warm_up
note_use /tmp/before
check "create" create one
check "ready" ready one || stop_at_once "the domain does not come up"
check "by name, number and uuid" same_answers
check "pause and unpause" paused_is_silent
check "memory down and up" memory_down_and_up
check "vCPU offline and online" vcpus_down_and_up
check "a vCPU pinned" pinned
check "two readers of the console" console_twice
check "rename" renamed
check "dumpxml is valid" dump_creates
check "reboot from outside" sh -c '. /usr/lib/lamina/tests/lib; was=$(lamina domid one)
    lamina reboot one && wait_for 60 eval "[ \$(lamina domid one || echo $was) != $was ]"'
check "ready again" ready one
was=$(lamina domid one)
check "reboot from inside" talk "$(console one)" send "/sbin/reboot
"
check "another number" wait_for 60 number_changed one "$was"
check "ready once more" ready one
check "shutdown from outside" lamina shutdown --wait one
check "gone" until_gone one
check "nothing is left" nothing_left /tmp/before
check "create from a dump" lamina create $WORK/dump.xml
check "ready from a dump" ready one
check "shutdown from inside" talk "$(console one)" send "/sbin/poweroff
"
check "gone" until_gone one
check "nothing is left" nothing_left /tmp/before

check "poweroff, destroy" on_destroy on_poweroff p
check "poweroff, restart" on_restart on_poweroff p
check "poweroff, preserve" on_preserve on_poweroff p shut
check "reboot, destroy" on_destroy on_reboot r
check "reboot, restart" on_restart on_reboot r
check "crash, destroy" on_destroy on_crash c
check "crash, restart" on_restart on_crash c
check "crash, preserve" on_preserve on_crash c crash
check "crash, rename and restart" on_rename_restart on_crash c
check "crash, dump and destroy" on_coredump destroy
check "crash, dump and restart" on_coredump restart
check "broken beyond reply, restart" on_restart on_crash x
check "nothing is left" nothing_left /tmp/before

# A guest that does not know how to shut down.
tiny_domain deaf
check "create deaf" create deaf
check_refused "shutdown of one that does not listen" 1 lamina shutdown --wait --timeout 3 deaf
check "it still runs" ready deaf
check "destroy it" lamina destroy deaf
check "nothing is left" nothing_left /tmp/before
finish
