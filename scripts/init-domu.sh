#!/bin/busybox sh
# SPDX-License-Identifier: MIT
#
# The first program of the example domains. The kernel's command line may say lamina.name=NAME,
# ip=ADDRESS/BITS for the first interface, and lamina.test=NAME to run /tests/NAME, or "commands" to
# take commands from the console without echo or prompt; otherwise there is a shell.

PATH=/sbin:/bin
export PATH HOME=/root TERM=vt102
/bin/busybox --install -s /bin
rm -f /bin/poweroff /bin/reboot /bin/halt
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/pts
mount -t devpts pts /dev/pts
mount -t tmpfs run /run
ln -sf /proc/self/fd /dev/fd
# Returns once the devices that the domain has are connected.
modprobe -aq xen-blkfront xen-netfront

option() {
    for word in $(cat /proc/cmdline); do
        case $word in "$1="*) echo "${word#*=}" ;; esac
    done | tail -n 1
}

name=$(option lamina.name)
address=$(option ip)
hostname "${name:-domu}"
ip link set lo up
if [ -n "$address" ] && [ -e /sys/class/net/eth0 ]; then
    ip link set eth0 up
    ip addr add "$address" dev eth0
fi
echo "LAMINA-DOMU ${name:-domu} ready"

case $(option lamina.test) in
'') ;;
commands)
    stty -echo -onlcr
    while read -r line; do eval "$line"; done ;;
*)
    "/tests/$(option lamina.test)"
    echo "LAMINA-TEST-END $?"
    /sbin/poweroff ;;
esac

disks=$(ls /sys/block | grep '^xvd' | tr '\n' ' ')
cat <<END

This is domain ${name:-domu}: Linux $(uname -r) on $(nproc) CPU(s).
Disks: ${disks:-none}; network: ${address:-none}.
"poweroff" ends it, "reboot" restarts it; Ctrl-] leaves this console.

END
for command in poweroff reboot halt; do
    echo "$command() { /sbin/$command; }"
done >/etc/profile
export ENV=/etc/profile PS1="${name:-domu}# "
cd /root
while :; do
    setsid cttyhack sh
done
