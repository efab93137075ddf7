/* SPDX-License-Identifier: MIT */
/* callback_op: the addresses at which the hypervisor enters the guest kernel. */
#include "core/domain.h"
#include "public/callback.h"
#include "lib/errno.h"
#include "pv/trap.h"

/* Not the NMI's, which is an entry of the trap table. */
static struct guest_callback *callback_of(struct guest_cpu *g, uint16_t type)
{
    struct guest_callback *const callbacks[] = {
        [CALLBACKTYPE_event] = &g->event_cb,
        [CALLBACKTYPE_failsafe] = &g->failsafe_cb,
        [CALLBACKTYPE_syscall] = &g->syscall_cb,
        [CALLBACKTYPE_sysenter_deprecated] = &g->sysenter_cb,
        [CALLBACKTYPE_sysenter] = &g->sysenter_cb,
        [CALLBACKTYPE_syscall32] = &g->syscall32_cb,
    };

    return type < ARRAY_SIZE(callbacks) ? callbacks[type] : NULL;
}

static int nmi_handler_set(struct vcpu *v, gva_t address)
{
    struct trap_info *ti = &v->arch.traps[TRAP_NMI];

    if (!is_canonical(address))
        return -EINVAL;
    ti->vector = TRAP_NMI;
    ti->flags = 0;
    TI_SET_IF(ti, 1);
    ti->cs = FLAT_KERNEL_CS;
    WRITE_ONCE(ti->address, address);
    return 0;
}

int callback_register(struct vcpu *v, uint16_t type, uint16_t flags, gva_t address)
{
    struct guest_callback *cb = callback_of(&v->arch, type);

    if (type == CALLBACKTYPE_nmi)
        return nmi_handler_set(v, address);
    if (cb == NULL)
        return -ENOSYS;
    if (!is_canonical(address))
        return -EINVAL;
    *cb = (struct guest_callback){ .rip = address, .mask_events = flags & CALLBACKF_mask_events };
    return 0;
}

int callback_unregister(struct vcpu *v, uint16_t type)
{
    if (type == CALLBACKTYPE_nmi)
        return nmi_handler_set(v, 0);
    /* A kernel cannot do without the others. */
    return callback_of(&v->arch, type) ? -EINVAL : -ENOSYS;
}
