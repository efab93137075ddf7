/* SPDX-License-Identifier: MIT */
/*
 * vm_assist: departures from plain behaviour that a guest chooses. Those for 32-bit guests are
 * accepted and do nothing; m2p_strict is not offered, as all address spaces share one M2P mapping.
 */
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/bits.h"
#include "lib/errno.h"
#include "pv/guest_cpu.h"

static bool is_known(uint32_t type)
{
    return type < 32 && (VM_ASSIST_KNOWN & 1u << type);
}

/* How RFLAGS.IOPL shows in frames is kept with each vCPU. */
static long assist_set(uint32_t type, bool on)
{
    struct domain *d = current->domain;

    if (!is_known(type))
        return -EINVAL;
    if (on)
        atomic_or(&d->vm_assist, 1u << type);
    else
        atomic_and(&d->vm_assist, ~(1u << type));
    iopl_show_all(d);
    return 0;
}

long hc_vm_assist_enable(uint32_t type)
{
    return assist_set(type, true);
}

long hc_vm_assist_disable(uint32_t type)
{
    return assist_set(type, false);
}
