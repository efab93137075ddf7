#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Daemons: consoles and the life cycle of domains, each daemon killed where it hurts most: nothing
# that a domain said or that was typed is lost, no restart is forgotten, and nothing is done twice.

. /usr/lib/lamina/tests/lib

TINY_LOG=/var/log/lamina/console/tiny.log

fresh() { # [OTHER_ELEMENTS]: a new micro-guest "tiny", whose log begins with it
    lamina destroy tiny 2>/dev/null
    rm -f $TINY_LOG*
    tiny_domain tiny "${1:-}"
    create tiny && ready tiny
}

type_to() { talk "$(console "$1")" send "$2"; }
has_reason() { lamina list --json "$1" | grep -q "$2"; } # NAME WORD
letters() { head -c "$1" /dev/zero | tr '\0' "$2"; }
logged() { [ "$(tr -cd "$1" <$TINY_LOG | wc -c)" -ge "$2" ]; } # LETTER COUNT

# ---- lamina-consoled ----------------------------------------------------------------------------

# Twenty times what either ring holds, all typed at once and all echoed.
much_is_typed() {
    type_to tiny "$(letters 20000 q)" && wait_for 60 logged q 20000 && ! logged q 20001
}

# Typed while there is no daemon, said while there is none: both are there when it is back.
consoled_killed() {
    type_to tiny zzz && wait_for 20 logged z 3 || return 1
    for turn in 1 2 3 4 5; do
        restart lamina-consoled || return 1
        ready tiny 20 && type_to tiny z && wait_for 20 logged z $((3 + turn)) || return 1
    done
}

# A new daemon finds the words of a domain that has ended meanwhile.
last_words() {
    fresh "<on_crash>preserve</on_crash>" || return 1
    was=$(lamina domid tiny)
    type_to tiny "yyyyc" && wait_for 20 has_reason tiny crash || return 1
    restart lamina-consoled && wait_for 20 logged y 4 && lamina destroy tiny
}

logs_reopened() {
    mv $TINY_LOG $TINY_LOG.moved && kill -HUP "$(pidof lamina-consoled)" &&
        wait_for 10 test -e $TINY_LOG && type_to tiny w && wait_for 10 logged w 1 &&
        rm $TINY_LOG.moved
}

terminal_works() {
    tty=$(xenstore-read "/local/domain/$(lamina domid tiny)/console/tty") && [ -c "$tty" ] &&
        talk "$tty" send v && wait_for 10 logged v 1
}

# ---- laminad ------------------------------------------------------------------------------------

# It ends while nobody looks after it.
missed_crash() {
    fresh "<on_crash>restart</on_crash>" || return 1
    was=$(lamina domid tiny)
    kill_now laminad
    type_to tiny c && wait_for 20 has_reason tiny crash && laminad &&
        wait_for 30 number_changed tiny "$was" && ready tiny 30
}

# Killed at several moments of a restart, children and all, the restart is still finished, once.
killed_in_restart() {
    fresh "<on_reboot>restart</on_reboot>" || return 1
    for delay in 10000 50000 150000 400000; do # no more: the fifth would be left as it is
        was=$(lamina domid tiny)
        type_to tiny r
        usleep $delay
        restart laminad || return 1
        wait_for 60 number_changed tiny "$was" && ready tiny 60 || return 1
    done
    [ "$(lamina list | grep -c tiny)" = 1 ]
}

# One that always dies at once is restarted four times and then left for someone to look at.
given_up() {
    fresh "<on_crash>restart</on_crash>" || return 1
    kill "$(pidof laminad)"
    wait_for 10 sh -c '! pidof laminad'
    laminad --short-life 1000 || return 1
    for turn in 1 2 3 4; do
        was=$(lamina domid tiny)
        type_to tiny c
        wait_for 30 number_changed tiny "$was" && ready tiny 30 || return 1
    done
    was=$(lamina domid tiny)
    type_to tiny c
    wait_for 30 xenstore-exists "/lamina/domain/$was/kept" || return 1
    restart laminad && [ "$(lamina domid tiny)" = "$was" ] && has_reason tiny crash &&
        lamina destroy tiny
}

renamed() {
    fresh "<on_crash>rename-restart</on_crash>" || return 1
    type_to tiny c
    wait_for 30 lamina domid tiny-1 && is_gone tiny &&
        talk "$(console tiny-1)" -t 30 expect "LAMINA-DOMU tiny ready" || return 1
    type_to tiny-1 c
    wait_for 30 lamina domid tiny-2 && is_gone tiny-1 && lamina destroy tiny-2
}

core_dumped() {
    rm -f /var/lib/lamina/dump/*
    fresh "<on_crash>coredump-destroy</on_crash>" || return 1
    type_to tiny c
    until_gone tiny 30 && ls -l /var/lib/lamina/dump &&
        [ "$(head -c 4 /var/lib/lamina/dump/tiny-*.core | tail -c 3)" = ELF ] &&
        rm /var/lib/lamina/dump/tiny-*.core
}

autostarted() {
    tiny_domain auto && mkdir -p /etc/lamina/autostart || return 1
    cp $WORK/auto.xml /etc/lamina/autostart/ && echo "<domain>" >/etc/lamina/autostart/bad.xml
    rm -f /run/lamina/autostart.done
    restart laminad && wait_for 30 lamina domid auto && ready auto 30 && lamina destroy auto ||
        return 1
    # The daemon's start is not the machine's: what was destroyed stays so.
    restart laminad || return 1
    tiny_domain marker && create marker && ready marker && lamina destroy marker && is_gone auto
    rm /etc/lamina/autostart/*
}

# ---- all ----------------------------------------------------------------------------------------

switches() {
    for daemon in $ALL_DAEMONS; do
        echo "$daemon" && grep _switches /proc/"$(pidof $daemon)"/status
    done
}

# With a domain that runs and says nothing, nobody wakes up.
idle() {
    switches >/tmp/switches.1
    usleep 3000000
    switches >/tmp/switches.2
    diff /tmp/switches.1 /tmp/switches.2
}

stop_and_start() {
    lamina-daemons status && lamina-daemons stop || return 1
    lamina-daemons status && return 1
    lamina-daemons start && lamina-daemons status && [ "$(daemons | wc -l)" = 3 ]
}

domain_goes_on() { type_to tiny u && wait_for 20 logged u 1; }

check "warm up" warm_up
note_use /tmp/before
check "create" fresh
check "typed text is not lost" much_is_typed
check "lamina-consoled killed" consoled_killed
check "logs opened anew" logs_reopened
check "terminal" terminal_works
check "idle daemons do not wake up" idle
check "daemons stopped and started" stop_and_start
check "the domain goes on" domain_goes_on
check "last words" last_words
check "a crash while laminad was away" missed_crash
check "laminad killed during restarts" killed_in_restart
check "short lives in a row" given_up
check "rename-restart" renamed
check "core dump" core_dumped
check "autostart" autostarted
lamina destroy tiny 2>/dev/null
check "nothing is left" nothing_left /tmp/before
finish
