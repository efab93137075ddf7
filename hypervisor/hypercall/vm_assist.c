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

#define KNOWN_TYPES                                                                                \
    (1u << VMASST_TYPE_4gb_segments | 1u << VMASST_TYPE_4gb_segments_notify |                      \
     1u << VMASST_TYPE_writable_pagetables | 1u << VMASST_TYPE_pae_extended_cr3 |                  \
     1u << VMASST_TYPE_architectural_iopl | 1u << VMASST_TYPE_runstate_update_flag)

static bool is_known(uint32_t type)
{
    return type < 32 && (KNOWN_TYPES & 1u << type);
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
    for (unsigned i = 0; i < d->vcpus_max; i++)
        if (d->vcpu[i])
            iopl_set(d->vcpu[i], d->vcpu[i]->arch.iopl);
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
