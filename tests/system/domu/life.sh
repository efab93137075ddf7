#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Life: a domain is shut down, restarted, paused, made smaller and larger, from outside and from
# inside; and every way to end is answered as its configuration says.

. /usr/lib/lamina/tests/lib

# ---- one domain's life --------------------------------------------------------------------------

state() { lamina list "$1" | tail -n 1; }
shows() { state "$1" | grep -e "$2"; }

# The clock of a paused domain stands still as far as its console shows.
paused_is_silent() {
    lamina pause one && shows one " --p--- " || return 1
    ! in_domain one "echo still here" 3
    was_silent=$?
    lamina unpause one && in_domain one "echo here again" && return $was_silent
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

# Two terminals at once; what one types both see, and the key that leaves leaves one only.
console_twice() {
    talk "!lamina console one" -t 60 expect "seen by two" >/tmp/two &
    second=$!
    talk "!lamina console one" run "echo seen; echo seen by two" && wait $second &&
        talk "!lamina console one" leave "Left the console of one"
}

# A key's answer is on the console.
sysrq_answers() {
    lamina sysrq one h && talk "$(console one)" -t 30 expect "sysrq: HELP"
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

DUMPS=/var/lib/lamina/dump

# ending NAME ACTIONS LETTER: a micro-guest with these actions that ends itself in that way.
ending() {
    lamina destroy "$1" 2>/dev/null
    tiny_domain "$1" "$2"
    create "$1" && ready "$1" || return 1
    was=$(lamina domid "$1")
    talk "$(console "$1")" send "$3"
}

on_destroy() { ending tiny "<$1>destroy</$1>" "$2" && until_gone tiny; }

on_restart() { # WHEN LETTER [ACTION]
    ending tiny "<$1>${3:-restart}</$1>" "$2" && wait_for 60 number_changed tiny "$was" &&
        ready tiny && lamina destroy tiny
}

on_preserve() {
    ending tiny "<$1>preserve</$1>" "$2" && wait_for 60 shows tiny "$3" || return 1
    [ "$(lamina domid tiny)" = "$was" ] && lamina destroy tiny
}

# The new one has a name and a uuid of its own.
on_rename_restart() {
    ending tiny "<$1>rename-restart</$1>" "$2" && wait_for 60 lamina domid tiny-1 || return 1
    talk "$(console tiny-1)" expect "LAMINA-DOMU tiny ready" && until_gone tiny &&
        lamina list --long && lamina destroy tiny-1
}

on_coredump_restart() {
    on_restart on_crash c "coredump-restart" && ls $DUMPS/tiny-*.core && rm $DUMPS/tiny-*.core
}

# Linux crashes, by a SysRq key. What it had in its memory can be read in the file, and where its
# vCPUs were.
crash_leaves_dump() {
    in_domain one "echo 1 >/proc/sys/kernel/sysrq; seq -s -lamina- 7000 8000 >/tmp/memory" &&
        lamina sysrq one c && until_gone one 120 || return 1
    ls -l $DUMPS && dumped $DUMPS/one-*.core 2 7654-lamina-7655-lamina-7656 && rm $DUMPS/one-*.core
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
check "two terminals at the console" console_twice
check "SysRq" sysrq_answers
check "rename" renamed
check "dumpxml is valid" dump_creates
was=$(lamina domid one)
check "reboot from outside" lamina reboot one
check "another number" wait_for 60 number_changed one "$was"
check "ready again" ready one
check "shutdown from inside" talk "$(console one)" send "/sbin/poweroff
"
check "gone" until_gone one
check "nothing is left" nothing_left /tmp/before

sed -i "s|<on_crash>.*|<on_crash>coredump-destroy</on_crash>|" $WORK/dump.xml
check "create from a dump" lamina create $WORK/dump.xml
check "ready from a dump" ready one
check "Linux crashes, dump and destroy" crash_leaves_dump
check "nothing is left" nothing_left /tmp/before

check "poweroff, destroy" on_destroy on_poweroff p
check "poweroff, restart" on_restart on_poweroff p
check "poweroff, preserve" on_preserve on_poweroff p s-
check "reboot, destroy" on_destroy on_reboot r
check "reboot, restart" on_restart on_reboot r
check "crash, destroy" on_destroy on_crash c
check "crash, restart" on_restart on_crash c
check "crash, preserve" on_preserve on_crash c c-
check "crash, rename and restart" on_rename_restart on_crash c
check "crash, dump and restart" on_coredump_restart
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
