/* SPDX-License-Identifier: MIT */
/* The same table from the installed headers of Xen 4.17 (package libxen-dev): the oracle. */
#define __XEN_TOOLS__ 1 /* shows the toolstack's structures and all register names */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <xen/xen.h>
#include <xen/callback.h>
#include <xen/domctl.h>
#include <xen/elfnote.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/nmi.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>
#include <xen/version.h>
#include <xen/arch-x86/cpuid.h>
#include <xen/io/blkif.h>
#include <xen/io/console.h>
#include <xen/io/netif.h>
#include <xen/io/ring.h>
#include <xen/io/xenbus.h>
#include <xen/io/xs_wire.h>

#include "layout.h"

LAYOUT_RING;

const struct layout_row layout_theirs[] = {
#include "abi_rows.h"
    LAYOUT_RING_ROWS
};
const size_t layout_theirs_rows = sizeof(layout_theirs) / sizeof(layout_theirs[0]);
