#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Look: every command that only looks, at a machine with a running domain; and what dumpxml prints
# makes the same domain again.

. /usr/lib/lamina/tests/lib

matches() { # PATTERN COMMAND...: its output has such a line
    pattern=$1
    shift
    "$@" >/tmp/out 2>&1
    cat /tmp/out
    grep -Eq "$pattern" /tmp/out
}

hypervisor_version() {
    (cd /sys/hypervisor/version && echo "$(cat major)\.$(cat minor)$(cat extra)")
}

json_is_whole() { # COMMAND...: as many brackets close as open, and something is in there
    lamina "$@" --json >/tmp/json || return 1
    cat /tmp/json
    [ "$(tr -cd '{[' </tmp/json | wc -c)" = "$(tr -cd '}]' </tmp/json | wc -c)" ] &&
        grep -q '"id": \|"host": \|"path": \|"ok": ' /tmp/json
}

counts_grow() { # the disk's counters and the processor's follow what the domain does
    in_domain look "dd if=/dev/xvda of=/dev/null bs=1024k count=8 iflag=direct" || return 1
    matches "^look .* [0-9.]+M +[0-9.]+[BKM]$" lamina top --batch --count 1 --delay 1 &&
        matches '"disk_read_bytes": [0-9]{7}' lamina top --json --count 1 --delay 1
}

# Marks of one run aside: what dumpxml says is the configuration that it is made from again.
same_again() {
    lamina dumpxml look >/tmp/first.xml && cat /tmp/first.xml &&
        lamina validate --strict /tmp/first.xml && lamina destroy look &&
        lamina create /tmp/first.xml && ready look &&
        lamina dumpxml look >/tmp/second.xml && cmp /tmp/first.xml /tmp/second.xml
}

keys_answer() {
    lamina dmesg --clear >/dev/null && lamina debug-keys h &&
        wait_for 10 matches "[a-zA-Z]" lamina dmesg
}

log_forgets() {
    lamina dmesg --clear >/dev/null && [ "$(lamina dmesg | wc -c)" -lt 200 ]
}

names_agree() {
    id=$(lamina domid look) && uuid=$(lamina list --long look | awk 'NR == 2 { print $NF }')
    [ "$(lamina domname "$id")" = look ] && [ "$(lamina domid "$uuid")" = "$id" ] &&
        [ "$(lamina list --names | grep -c '^look$')" = 1 ]
}

store_works() {
    lamina store write /lamina/test 'a b\n' && [ "$(lamina store read /lamina/test)" = 'a b\n' ] &&
        matches '^/lamina/test = "a b.n"$' lamina store ls /lamina/test &&
        [ "$(xenstore-read /lamina/test)" = "a b\\n" ] && lamina store rm /lamina/test &&
        ! lamina store read /lamina/test
}

matches_missing() { ! lamina check >/tmp/out && cat /tmp/out && grep -Eq "$1" /tmp/out; }

consoled_is_missed() {
    kill -9 "$(pidof lamina-consoled)" && matches_missing '^lamina-consoled +missing' &&
        lamina-consoled && lamina check
}

stored_is_missed() {
    kill -9 "$(pidof lamina-stored)"
    matches_missing '^lamina-stored +missing' && matches '\(unknown\)' lamina list &&
        lamina-stored && matches '^look ' lamina list
}

linux_domain look 2 vmlinuz
check "all is up" lamina check
check "list of dom0" matches '^Domain-0 +0 +[0-9]+ +[0-9]+ +r-----' lamina list
check "a domain" create look
check "it is ready" ready look
check "list" matches '^look +[0-9]+ +160 +1 +[rb-]' lamina list
check "list long" matches "^look .* (running|blocked|ready) .*-.*-.*-.*-" lamina list -l
check "info" matches "^xen_version +: $(hypervisor_version)" lamina info
check "memory in info" matches '^total_memory +: (19[0-9][0-9]|20[0-4][0-9])$' lamina info
check "dominfo" matches "^kernel +: $GUESTS/vmlinuz" lamina dominfo look
check "version" matches "^hypervisor .* $(hypervisor_version)" lamina version
check "names, numbers, uuids" names_agree
check "vcpu-list" matches '^look +[0-9]+ +0 +[01] +[rb-]' lamina vcpu-list look
check "disk-list" matches "^look .* xvda +$WORK/look.img +/dev/loop[0-9]+ +rw +connected" \
    lamina disk-list
check "net-list" matches "^look .* 00:16:3e:00:00:02 +$BRIDGE +vif.* connected" lamina net-list look
check "top counts" counts_grow
for listing in list "dominfo look" vcpu-list disk-list net-list info check "store ls"; do
    check "JSON of $listing" json_is_whole $listing
done
check "dumpxml and create" same_again
check "debug-keys" keys_answer
check "dmesg --clear" log_forgets
check "store" store_works
check_refused "nobody" 1 lamina dominfo nobody
check "a daemon is missed" consoled_is_missed
check "the store is missed" stored_is_missed
check "destroy" lamina destroy look
finish
