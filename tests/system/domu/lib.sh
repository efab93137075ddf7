# SPDX-License-Identifier: MIT
#
# What tests of domUs share; sourced by the scripts beside it, which run in dom0. Each check is one
# line on the console, "LAMINA-CHECK ok NAME" or "LAMINA-CHECK not ok NAME: why"; what its commands
# print goes to $LOG, whose end is shown when the check fails. finish() ends the script.

PATH=$PATH:/usr/lib/lamina/tests
GUESTS=/boot/guests IMAGES=/var/lib/lamina/images WORK=/var/lib/lamina/work LOG=/tmp/log
BRIDGE=lamina0 DOM0_ADDRESS=10.77.0.1
ALL_DAEMONS="lamina-stored lamina-consoled laminad"
# A factor for every bound, on a machine with other things to do.
PATIENCE=$(sed -n 's/.*lamina\.patience=\([0-9]*\).*/\1/p' /proc/cmdline)
export PATIENCE=${PATIENCE:-1}
bad=0
mkdir -p $WORK

ok() { echo "LAMINA-CHECK ok $*"; }

not_ok() {
    bad=$((bad + 1))
    tail -n 30 $LOG | sed 's/^/    | /'
    echo "LAMINA-CHECK not ok $*"
}

# check NAME COMMAND...: the command, a function or a program, succeeds.
check() {
    check_name=$1
    shift
    "$@" >$LOG 2>&1
    check_code=$?
    if [ $check_code = 0 ]; then
        ok "$check_name"
    else
        not_ok "$check_name: $1 gave $check_code"
    fi
    return $check_code
}

# check_refused NAME CODE COMMAND...: it exits with that code and says one line on standard error.
check_refused() {
    check_name=$1 wanted=$2
    shift 2
    "$@" >/tmp/out 2>/tmp/err
    check_code=$?
    cat /tmp/out /tmp/err >$LOG
    if [ $check_code != "$wanted" ]; then
        not_ok "$check_name: exit code $check_code, not $wanted"
    elif [ "$(wc -l </tmp/err)" != 1 ]; then
        not_ok "$check_name: $(wc -l </tmp/err) lines instead of one"
    else
        ok "$check_name: $(cat /tmp/err)"
    fi
}

# stop_at_once WHY: nothing further makes sense.
stop_at_once() {
    : >$LOG
    not_ok "$*"
    finish
}

finish() {
    if [ $bad = 0 ]; then
        echo "LAMINA-TEST ${0##*/} ok"
    else
        echo "LAMINA-TEST ${0##*/} not ok: $bad checks"
    fi
    exit $bad
}

# wait_for SECONDS COMMAND...: until it succeeds. For what nobody tells of; else there are watches.
wait_for() {
    end=$(($(date +%s) + $1 * PATIENCE))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt $end ] || return 1
        usleep 50000
    done
}

# ---- domains -----------------------------------------------------------------------------------

# domain_xml NAME KERNEL MEMORY_MIB CMDLINE [ELEMENTS_OF_DEVICES] [OTHER_ELEMENTS] >FILE
domain_xml() {
    initrd="<initrd>$GUESTS/initrd.img</initrd>"
    case $2 in *.elf) initrd= ;; esac
    cat <<END
<domain type='xen'>
  <name>$1</name>
  <memory unit='MiB'>$3</memory>
  <os>
    <type>linux</type>
    <kernel>$2</kernel>
    $initrd
    <cmdline>console=hvc0 loglevel=5 lamina.name=$1 $4</cmdline>
  </os>
  ${6:-}
  <devices>
    ${5:-}
    <console type='pty'/>
  </devices>
</domain>
END
}

disk_xml() { # FILE TARGET [MORE]
    echo "<disk type='file' device='disk'><source file='$1'/><target dev='$2'/>${3:-}</disk>"
}

interface_xml() { # NUMBER
    echo "<interface type='bridge'><source bridge='$BRIDGE'/>" \
        "<mac address='00:16:3e:00:00:$(printf %02x "$1")'/></interface>"
}

# linux_domain NAME NUMBER KERNEL [OTHER_ELEMENTS] [ARGUMENTS]: one with a disk and an interface,
# whose address is 10.77.0.NUMBER, and whose console takes commands.
linux_domain() {
    [ -e $WORK/$1.img ] || make_disk $WORK/$1.img 96
    domain_xml "$1" "$GUESTS/$3" 160 "lamina.test=commands ip=10.77.0.$2/24 ${5:-}" \
        "$(disk_xml $WORK/$1.img xvda)$(interface_xml "$2")" "${4:-}" >$WORK/$1.xml
}

# tiny_domain NAME [OTHER_ELEMENTS]: the micro-guest, without devices.
tiny_domain() { domain_xml "$1" $GUESTS/domu.elf 8 "" "" "${2:-}" >$WORK/$1.xml; }

make_disk() { # FILE MIB
    rm -f "$1"
    truncate -s "$2M" "$1" && mke2fs -F "$1" >/dev/null 2>&1
}

create() { # NAME [OPTION...]
    create_name=$1
    shift
    lamina create "$@" $WORK/$create_name.xml
}

console() { echo "/run/lamina/console/$(lamina domid "$1")"; }

# Waits for the domain's banner, which a later connection gets from the backlog.
ready() { talk "$(console "$1")" -t "${2:-120}" expect "LAMINA-DOMU $1 ready"; }

# in_domain NAME COMMAND [SECONDS]: its output and exit code.
in_domain() { talk "$(console "$1")" -t "${3:-120}" run "$2"; }

is_gone() { ! lamina domid "$1"; }
number_changed() { id=$(lamina domid "$1") && [ "$id" != "$2" ]; } # NAME NUMBER
until_gone() { wait_for "${2:-60}" is_gone "$1"; }

# ---- daemons ------------------------------------------------------------------------------------

# With its children; returns when they are gone.
kill_now() { # DAEMON
    victims=$(pidof "$1")
    kill -9 $victims
    for victim in $victims; do
        wait_for 10 test ! -d "/proc/$victim" || return 1
    done
}

restart() { kill_now "$1" && "$1"; } # DAEMON

# ---- what is in use ----------------------------------------------------------------------------

daemons() { for daemon in $ALL_DAEMONS; do pidof $daemon >/dev/null && echo $daemon; done; }

all_in_use() {
    counts
    echo "nodes $(xenstore-ls | wc -l)"
    echo "loops $(losetup -a | wc -l)"
    echo "interfaces $(ls /sys/class/net | wc -l)"
    for daemon in $(daemons); do
        pid=$(pidof $daemon)
        echo "$daemon.descriptors $(ls /proc/$pid/fd | wc -l)"
    done
}

# One "name value" a line. $VARIES, a pattern of names, is left out: while back ends work, the
# hypervisor's table of what dom0 has mapped grows with their load.
in_use() { all_in_use | grep -v "^${VARIES:-nothing} "; }

# Resident pages of each daemon, in KiB; but for those of files, of which rare paths touch more.
memory_in_use() {
    for daemon in $(daemons); do
        echo "$daemon $(awk '/^RssAnon/ { print $2 }' /proc/"$(pidof $daemon)"/status)"
    done
}

in_use_is() { # FILE
    in_use >/tmp/now
    cmp -s "$1" /tmp/now
}

is_settled() {
    in_use >"$1"
    usleep 100000
    in_use_is "$1"
}

# Writes what is in use to FILE, once that does not change any more.
note_use() { wait_for 30 is_settled "$1" || in_use >"$1"; }

# The first domain leaves what all others share: folders of the store, a kernel in the cache. Its
# devices are those of linux_domain(). To be called before the first note_use().
warm_up() {
    linux_domain warm 250 vmlinuz
    create warm --paused && lamina destroy warm && until_gone warm
}

# nothing_left FILE: all is in use as when FILE was written, within a bound; else says what differs.
nothing_left() {
    wait_for "${2:-30}" in_use_is "$1" && return
    xenstore-ls
    lamina list
    diff "$1" /tmp/now
    return 1
}

# memory_as FILE KIB: no daemon has grown by more than that.
memory_as() {
    memory_in_use >/tmp/memory
    cat "$1" /tmp/memory
    while read -r daemon kib; do
        now=$(sed -n "s/^$daemon //p" /tmp/memory)
        [ "${now:-0}" -le $((kib + $2)) ] || return 1
    done <"$1"
}
