#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# Refused: what users get wrong gives one clear line, the exit code that lamina(1) documents, and
# nothing that stays behind.

. /usr/lib/lamina/tests/lib

FAILED=1 USAGE=2 FILE=3 BAD_CONFIG=4
disk=$WORK/disk.img
make_disk $disk 8

# A good file to begin with; bad NAME SED_EXPRESSION CODE: the same with one thing wrong.
good() {
    domain_xml good $GUESTS/domu.elf 8 "" "$(disk_xml $disk xvda)$(interface_xml 9)" >$WORK/good.xml
}

bad() {
    sed -e "$2" $WORK/good.xml >$WORK/bad.xml
    cmp -s $WORK/good.xml $WORK/bad.xml && not_ok "$1: the file is not changed"
    check_refused "$1" "$3" lamina create $WORK/bad.xml
}

good
check "warm up" warm_up
note_use /tmp/before
check "the file is good" lamina create --dry-run $WORK/good.xml
check "nothing is left" nothing_left /tmp/before

bad "not XML" 's/<domain/domain/' $BAD_CONFIG
bad "cut short" '/<devices>/,$d' $BAD_CONFIG
bad "an end that fits no beginning" 's|</memory>|</memroy>|' $BAD_CONFIG
bad "another hypervisor's" "s/type='xen'/type='kvm'/" $BAD_CONFIG
bad "another root element" 's/domain/network/' $BAD_CONFIG
bad "a fully virtualized domain" 's|<type>linux</type>|<type>hvm</type>|' $BAD_CONFIG
bad "no name" '/<name>/d' $BAD_CONFIG
bad "two names" 's|<name>good</name>|&&|' $BAD_CONFIG
bad "a name with a slash" 's|<name>good|<name>go/od|' $BAD_CONFIG
bad "a name that is a number" 's|<name>good|<name>12|' $BAD_CONFIG
bad "no memory element" '/<memory/d' $BAD_CONFIG
bad "memory that is no number" "s|'MiB'>8<|'MiB'>eight<|" $BAD_CONFIG
bad "memory in an unknown unit" "s/unit='MiB'/unit='acre'/" $BAD_CONFIG
bad "memory below the least" "s/unit='MiB'/unit='KiB'/" $BAD_CONFIG
bad "no vCPU" 's|<os>|<vcpu>0</vcpu>&|' $BAD_CONFIG
bad "too many vCPUs" 's|<os>|<vcpu>1000</vcpu>&|' $BAD_CONFIG
bad "a wrong uuid" 's|<name>|<uuid>no</uuid>&|' $BAD_CONFIG
bad "no kernel" '/<kernel>/d' $BAD_CONFIG
bad "a kernel by a relative path" "s|<kernel>/|<kernel>|" $BAD_CONFIG
bad "a disk without a source" "s/<source file='[^']*'\/>//" $BAD_CONFIG
bad "a disk's target of another kind" "s/dev='xvda'/dev='vda'/" $BAD_CONFIG
bad "a MAC that is none" "s/00:16:3e/zz:16:3e/" $BAD_CONFIG
bad "a MAC of a group" "s/00:16:3e/01:16:3e/" $BAD_CONFIG
bad "an unknown action" 's|<os>|<on_crash>panic</on_crash>&|' $BAD_CONFIG
bad "a document type" '1i<!DOCTYPE domain [<!ENTITY a SYSTEM "/etc/passwd">]>' $BAD_CONFIG

check_refused "no such domain file" $FILE lamina create $WORK/nothing.xml
bad "no such kernel" "s|$GUESTS/domu.elf|$WORK/nothing|" $FILE
bad "a kernel that is a directory" "s|$GUESTS/domu.elf|$WORK|" $FILE
bad "no such RAM disk" "s|</kernel>|&<initrd>$WORK/nothing</initrd>|" $FILE
bad "no such disk" "s|$disk|$WORK/nothing|" $BAD_CONFIG
bad "no such bridge" "s/bridge='$BRIDGE'/bridge='nobridge'/" $BAD_CONFIG
bad "no memory left" "s|'MiB'>8<|'GiB'>64<|" $FAILED

head -c 4096 /dev/urandom >$WORK/noise
bad "a kernel of noise" "s|$GUESTS/domu.elf|$WORK/noise|" $FILE
bad "a program as kernel" "s|$GUESTS/domu.elf|/bin/busybox|" $FILE
head -c 2000000 $GUESTS/vmlinuz >$WORK/cut
bad "a bzImage that is cut short" "s|$GUESTS/domu.elf|$WORK/cut|" $FILE
cp $GUESTS/vmlinuz $WORK/corrupt
head -c 1000 /dev/urandom | dd of=$WORK/corrupt bs=1 seek=3000000 conv=notrunc 2>/dev/null
bad "a corrupt bzImage" "s|$GUESTS/domu.elf|$WORK/corrupt|" $FILE
bad "a kernel too large for the memory" "s|$GUESTS/domu.elf|$GUESTS/vmlinuz-cloud|" $BAD_CONFIG

check "create good" create good
check "ready" ready good
note_use /tmp/good
check_refused "a name that is taken" $BAD_CONFIG create good
bad "a disk that is in use" 's|<name>good|<name>other|' $BAD_CONFIG
check_refused "a rename to what is no name" $BAD_CONFIG lamina rename good 7
check_refused "a rename to a name that is taken" $BAD_CONFIG lamina rename good Domain-0
check_refused "another name for the control domain" $FAILED lamina rename 0 zero
check_refused "a disk for the control domain" $FAILED lamina disk-attach 0 $disk
check_refused "the console of the control domain" $FAILED lamina console 0
check_refused "a control domain without memory" $BAD_CONFIG lamina set-memory 0 0
check_refused "more memory than its maximum" $BAD_CONFIG lamina set-memory good 1G
check_refused "memory that is no size" $USAGE lamina set-memory good lots
check_refused "more vCPUs than its maximum" $BAD_CONFIG lamina set-vcpus good 9
check_refused "no such domain" $FAILED lamina destroy nobody
check_refused "the control domain" $FAILED lamina destroy 0
check_refused "no such command" $USAGE lamina frobnicate
check_refused "no such option" $USAGE lamina list --frobnicate
check_refused "a missing argument" $USAGE lamina pause
check "nothing else is there" nothing_left /tmp/good
check "destroy good" lamina destroy good
check "nothing is left" nothing_left /tmp/before
finish
