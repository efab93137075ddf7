/* SPDX-License-Identifier: MIT */
/* domctl on one vCPU: its state, its place, how it fares. The dispatch has resolved its number. */
#include "core/sched.h"
#include "hypercall/bitmap.h"
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "mm/guest.h"

/* ---- state ---- */

/*
 * Paused, so that what is read or written is whole and the domain itself starts no vCPU; claimed,
 * so no other tool does. -ERESTART leaves the state as it was.
 */
static int context_set(struct vcpu *v, const struct vcpu_guest_context *context)
{
    int ret;

    domain_pause(v->domain);
    ret = vcpu_set_context(v, context);
    if (ret == 0 && (context->flags & VGCF_online))
        vcpu_unpause(v, VCPU_PAUSED_DOWN);
    else if (ret == 0)
        vcpu_pause_nosync(v, VCPU_PAUSED_DOWN);
    domain_unpause(v->domain);
    return ret;
}

long hc_domctl_setvcpucontext(struct vcpu *vcpu, struct xen_domctl_vcpucontext *vcpucontext)
{
    struct vcpu_guest_context *copy = heap_alloc(sizeof(*copy));
    long ret = -EFAULT;

    if (!copy)
        return -ENOMEM;
    if (copy_from_guest(copy, guest_ptr(vcpucontext->ctxt), sizeof(*copy)) == 0)
        ret = context_set(vcpu, copy);
    heap_free(copy, sizeof(*copy));
    return ret;
}

long hc_domctl_getvcpucontext(struct vcpu *vcpu, struct xen_domctl_vcpucontext *vcpucontext)
{
    struct vcpu_guest_context *copy;
    long ret;

    if (!vcpu->initialised)
        return -ENODATA;
    copy = heap_alloc(sizeof(*copy));
    if (!copy)
        return -ENOMEM;
    domain_pause(vcpu->domain);
    vcpu_get_context(vcpu, copy);
    domain_unpause(vcpu->domain);
    ret = copy_to_guest(guest_ptr(vcpucontext->ctxt), copy, sizeof(*copy));
    heap_free(copy, sizeof(*copy));
    return ret;
}

long hc_domctl_getvcpuinfo(struct vcpu *vcpu, struct xen_domctl_getvcpuinfo *getvcpuinfo)
{
    struct vcpu_runstate_info state;

    sched_runstate(vcpu, &state);
    getvcpuinfo->online = !vcpu_is_down(vcpu);
    getvcpuinfo->blocked = state.state == RUNSTATE_blocked;
    getvcpuinfo->running = state.state == RUNSTATE_running;
    getvcpuinfo->cpu_time = state.time[RUNSTATE_running];
    getvcpuinfo->cpu = READ_ONCE(vcpu->cpu);
    return 0;
}

/* ---- affinity ---- */

/* Both sets are checked before one takes effect. */
long hc_domctl_setvcpuaffinity(struct vcpu *vcpu, struct xen_domctl_vcpuaffinity *op)
{
    uint64_t hard = vcpu->affinity, soft = vcpu->preferred;
    int ret = 0;

    if (!(op->flags & (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)))
        return -EINVAL;
    if (op->flags & XEN_VCPUAFFINITY_HARD)
        ret = bitmap_read(&op->cpumap_hard, &hard);
    if (ret == 0 && (op->flags & XEN_VCPUAFFINITY_SOFT))
        ret = bitmap_read(&op->cpumap_soft, &soft);
    if (ret == 0)
        ret = sched_set_affinity(vcpu, hard, soft);
    if (ret == 0 && (op->flags & XEN_VCPUAFFINITY_HARD))
        ret = bitmap_write(&op->cpumap_hard, hard & sched_cpus_up());
    if (ret == 0 && (op->flags & XEN_VCPUAFFINITY_SOFT))
        ret = bitmap_write(&op->cpumap_soft, soft & hard & sched_cpus_up());
    return ret;
}

long hc_domctl_getvcpuaffinity(struct vcpu *vcpu, struct xen_domctl_vcpuaffinity *op)
{
    int ret = 0;

    if (op->flags & XEN_VCPUAFFINITY_HARD)
        ret = bitmap_write(&op->cpumap_hard, vcpu->affinity & sched_cpus_up());
    if (ret == 0 && (op->flags & XEN_VCPUAFFINITY_SOFT))
        ret = bitmap_write(&op->cpumap_soft, vcpu->preferred & sched_cpus_up());
    return ret;
}
