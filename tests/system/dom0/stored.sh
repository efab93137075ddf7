#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Store: lamina-stored answers dom0's own kernel over the shared ring. Killed while a watch is set,
# and with a request waiting, its successor answers that request, and the watch still tells.

NAME=stored
PATH=/tests:$PATH
fail() { echo "LAMINA-TEST $NAME not ok: $*"; exit 1; }

# A request to the kernel's device goes through the ring: octal type, octal length, payload.
request() { printf "\\$1\0\0\0\1\0\0\0\0\0\0\0\\$2\0\0\0$3" >&3; }

# expect WHAT SIZE HEX [HEX]: the next SIZE bytes from the device are one of these.
expect() {
    bytes=$(timeout 60 dd bs=1 count="$2" <&3 2>/dev/null | hexdump -v -e '1/1 "%02x"')
    [ "$bytes" = "$3" ] || [ "$bytes" = "${4:-}" ] || fail "$1: $bytes"
}

OK_WRITE=0b0000000100000000000000030000004f4b00
OK_WATCH=040000000100000000000000030000004f4b00
VALUE=0200000001000000000000000100000076
EVENT=0f0000000000000000000000050000002f61007400

lamina-stored || fail "does not start"
exec 3<>/dev/xen/xenbus || fail "no device"
request 013 4 '/a\0v'
expect "answer to a write" 19 $OK_WRITE
request 002 3 '/a\0'
expect "answer to a read" 17 $VALUE
request 004 5 '/a\0t\0'
# The kernel passes events and answers on by different ways, so either may come first.
expect "first event and answer" 40 $EVENT$OK_WATCH $OK_WATCH$EVENT
kill -9 "$(pidof lamina-stored)"
request 002 3 '/a\0'
lamina-stored || fail "does not start again"
expect "answer to the waiting read" 17 $VALUE
request 013 4 '/a\0w'
expect "answer and event" 40 $OK_WRITE$EVENT $EVENT$OK_WRITE
echo "LAMINA-TEST $NAME ok"
