/* SPDX-License-Identifier: MIT */
/* callback_op: the addresses at which the hypervisor enters the guest kernel. */
#include "core/domain.h"
#include "public/callback.h"
#include "lib/errno.h"
#include "pv/trap.h"

static struct guest_callback *callback_of(struct guest_cpu *g, uint16_t type)
{
    struct guest_callback *const callbacks[] = {
        [CALLBACKTYPE_event] = &g->event_cb,
        [CALLBACKTYPE_failsafe] = &g->failsafe_cb,
        [CALLBACKTYPE_syscall] = &g->syscall_cb,
        [CALLBACKTYPE_sysenter_deprecated] = &g->sysenter_cb,
        [CALLBACKTYPE_nmi] = &g->nmi_cb,
        [CALLBACKTYPE_sysenter] = &g->sysenter_cb,
        [CALLBACKTYPE_syscall32] = &g->syscall32_cb,
    };

    return type < ARRAY_SIZE(callbacks) ? callbacks[type] : NULL;
}

int callback_register(struct vcpu *v, uint16_t type, uint16_t flags, gva_t address)
{
    struct guest_callback *cb = callback_of(&v->arch, type);

    if (cb == NULL)
        return -ENOSYS;
    if (!is_canonical(address) || (type == CALLBACKTYPE_nmi && v->id != 0))
        return -EINVAL;
    WRITE_ONCE(cb->mask_events, flags & CALLBACKF_mask_events); /* any vCPU may set the NMI's */
    WRITE_ONCE(cb->rip, address);
    return 0;
}

int callback_unregister(struct vcpu *v, uint16_t type)
{
    if (callback_of(&v->arch, type) == NULL)
        return -ENOSYS;
    if (type != CALLBACKTYPE_nmi)
        return -EINVAL; /* a kernel cannot do without the others */
    WRITE_ONCE(v->arch.nmi_cb.rip, 0);
    return 0;
}
