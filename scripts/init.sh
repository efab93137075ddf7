#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# The first program of dom0. Brings up the devices; then, when a disk with the control domain's
# programs is there (label lamina-tools), also its daemons and a bridge. Then it either runs the
# test that the kernel's command line names (lamina.test=NAME: /tests/NAME, then power off), or
# creates the domains that it names (lamina.create=FILE of /etc/lamina) and gives a shell on the
# console.

PATH=/sbin:/bin:/usr/sbin:/usr/bin
BRIDGE=lamina0 BRIDGE_ADDRESS=10.77.0.1
export PATH HOME=/root TERM=vt102
/bin/busybox --install -s /bin
rm -f /bin/poweroff /bin/reboot /bin/halt
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts
mount -t tmpfs run /run
ln -sf /proc/self/fd /dev/fd
ln -sf fd/0 /dev/stdin
hostname dom0
ip link set lo up

# Loads the driver of everything that has been found so far. A driver may bring up a bus with more
# on it, so this goes on for as long as it finds new names.
load_modules() {
    known=
    while :; do
        names=$(find /sys/devices -name modalias -exec cat {} + 2>/dev/null | sort -u)
        [ "$names" != "$known" ] || break
        known=$names
        echo "$names" | xargs modprobe -aqb 2>/dev/null
    done
    modprobe -aq sd_mod ext4 2>/dev/null
}
load_modules

if [ -d /proc/xen ]; then
    modprobe -aq xen-evtchn xen-gntdev xen-privcmd xenfs 2>/dev/null
    mount -t xenfs xenfs /proc/xen 2>/dev/null
fi

kernel_option() {
    for word in $(cat /proc/cmdline); do
        case $word in "$1="*) echo "${word#*=}" ;; esac
    done | tail -n 1
}

# The disk with that label, if there is one.
disk() { findfs "LABEL=$1" 2>/dev/null; }

# The programs lie on a disk as they do in an installed system; here it shows through.
mount_tools() {
    mkdir -p /tools
    mount -t ext4 -o ro "$1" /tools || return
    for folder in usr boot lib64 lib/x86_64-linux-gnu; do
        [ ! -e "/tools/$folder" ] || ln -s "/tools/$folder" "/$folder"
    done
    [ ! -d /tools/etc ] || cp -r /tools/etc/. /etc/
    mkdir -p /var/lib/lamina /var/log /var/cache
    data=$(disk lamina-data) && mount -t ext4 "$data" /var/lib/lamina
}

# Starts the daemons, and a bridge on which dom0 has an address.
start_services() {
    lamina-daemons start
    modprobe -q bridge
    ip link add $BRIDGE type bridge
    ip addr add $BRIDGE_ADDRESS/24 dev $BRIDGE
    ip link set $BRIDGE up
}

if tools=$(disk lamina-tools); then
    mount_tools "$tools"
    [ ! -d /proc/xen ] || start_services
fi

test=$(kernel_option lamina.test)
if [ -n "$test" ]; then
    if [ -x "/tests/$test" ]; then
        cd /tests && "./$test"
    elif [ -x "/usr/lib/lamina/tests/$test" ]; then
        cd /usr/lib/lamina/tests && "./$test"
    else
        echo "LAMINA-TEST $test not ok: no such test"
    fi
    echo "LAMINA-TEST-END"
    /sbin/poweroff
fi

type=$(cat /sys/hypervisor/type 2>/dev/null || echo none)
version=$(cd /sys/hypervisor/version 2>/dev/null && echo "$(cat major).$(cat minor)$(cat extra)")
memory=$(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
cat <<END

Linux $(uname -r) on $(nproc) CPU(s), $memory MiB; hypervisor: $type $version
This is the control domain. "poweroff" ends the machine, "reboot" restarts it.

END
files=$(kernel_option lamina.create | tr ',' ' ')
for file in $files; do
    lamina create "/etc/lamina/$file" 2>&1 | cat & # which shows no progress then
done
wait
[ -z "$files" ] || cat <<END

Try:  lamina list                             what runs
      lamina console hello                    its console; Ctrl-] leaves it
      lamina create /etc/lamina/grub.xml -c   one more, which PV GRUB boots from its own disk

END
# The shell would prefer busybox's own commands, which expect another init. Domains go before the
# disks under their own; one that does not listen is not waited for long.
cat >/etc/profile <<'END'
end_domains() { [ ! -S /run/xenstored/socket ] || lamina shutdown --all --wait --timeout 30; }
END
for command in poweroff reboot halt; do
    echo "$command() { end_domains; /sbin/$command; }"
done >>/etc/profile
export ENV=/etc/profile PS1='dom0# '
cd /root
while :; do
    setsid cttyhack sh
done
