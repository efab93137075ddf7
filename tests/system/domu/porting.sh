#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Porting: the guide's kernels with a disk and with an interface, and the example kernel with both,
# as domains with back ends, started as the guide says. They say what the guide says that they do.

. /usr/lib/lamina/tests/lib

KERNELS=/boot/guests ADDRESS=10.9.0.9

log_of() { tr -d '\r' <"/var/log/lamina/console/$1.log"; }

says() { log_of "$1" | grep -q "$2"; } # NAME PATTERN

# said_all NAME FILE: the console's log has each line of FILE, a pattern, in that order.
said_all() {
    log_of "$1" >/tmp/said
    exec 3</tmp/said
    while read -r wanted; do
        found=
        while [ -z "$found" ] && read -r line <&3; do
            case $line in *$wanted*) found=1 ;; esac
        done
        if [ -z "$found" ]; then
            echo "no line like: $wanted"
            cat /tmp/said
            return 1
        fi
    done <"$2"
}

disk_step() {
    truncate -s 4M /tmp/disk.img
    check "a disk" lamina create --kernel $KERNELS/8-disk.elf --memory 32M --name disk \
        --disk /tmp/disk.img,xvda
    check "it ends" until_gone disk
    check "it said what the guide says" said_all disk $KERNELS/8-disk.expected
}

net_step() {
    check "a network" lamina create --kernel $KERNELS/9-net.elf --memory 32M --name net \
        --net default
    check "its interface is there" wait_for 60 says net "interface: 0"
    check "it answers pings" pings 10 $ADDRESS
    check "it ends" until_gone net
    check "it said what the guide says" said_all net $KERNELS/9-net.expected
}

served() { datagram $ADDRESS 80 | tee /dev/stderr | grep -q "Served by a kernel"; }

example() {
    truncate -s 1M /tmp/example.img
    check "the example kernel" lamina create --kernel $KERNELS/example.elf --memory 32M --vcpus 2 \
        --name example --disk /tmp/example.img,xvda --net default
    check "its network is there" wait_for 60 says example "$ADDRESS answers"
    check "it serves its page" served
    check "it answers pings" pings 1000 $ADDRESS
    check "it is told to go on" datagram $ADDRESS 9 once
    check "it ends" until_gone example
    cat >/tmp/example.expected <<END
the second one summed up to 500000500000
disk: 2048 sectors, 0 words differ
packets answered
program: hello from user mode
program: the clock ticked five times
program ended by fault 14
done
END
    check "all parts worked" said_all example /tmp/example.expected
}

check "warm up" warm_up
ip addr add 10.9.0.1/24 dev $BRIDGE
note_use /tmp/before
disk_step
net_step
example
check "nothing is left" nothing_left /tmp/before
finish
