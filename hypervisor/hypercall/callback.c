/* SPDX-License-Identifier: MIT */
/* Where the hypervisor enters the guest kernel: callback_op, its older form, and nmi_op. */
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "public/callback.h"
#include "pv/trap.h"

long hc_callback_register(struct callback_register *op)
{
    return callback_register(current, op->type, op->flags, op->address);
}

long hc_callback_unregister(struct callback_unregister *op)
{
    return callback_unregister(current, op->type);
}

/* All three or none. */
long hc_set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall)
{
    struct vcpu *v = current;
    int ret;

    if (!gva_is_guests(event) || !gva_is_guests(failsafe) || !gva_is_guests(syscall))
        return -EINVAL;
    ret = callback_register(v, CALLBACKTYPE_event, 0, event);
    if (ret == 0)
        ret = callback_register(v, CALLBACKTYPE_failsafe, 0, failsafe);
    if (ret == 0)
        ret = callback_register(v, CALLBACKTYPE_syscall, 0, syscall);
    return ret;
}

/* NMIs of the machine go to vCPU 0. */
long hc_nmi_register_callback(struct xennmi_callback *op)
{
    return callback_register(current->domain->vcpu[0], CALLBACKTYPE_nmi, 0, op->handler_address);
}

long hc_nmi_unregister_callback(void)
{
    return callback_unregister(current->domain->vcpu[0], CALLBACKTYPE_nmi);
}
