/* SPDX-License-Identifier: MIT */
/*
 * vcpu_op: start and stop vCPUs of the caller's domain, their timers, and the areas of guest memory
 * that the hypervisor keeps current for them. The dispatch has resolved the vCPU number.
 */
#include "core/sched.h"
#include "core/time.h"
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/bits.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "mm/guest.h"
#include "pv/trap.h"

/* ---- start and stop ---- */

/* Once only; of two callers one tries again. -ERESTART leaves the vCPU without a state. */
static int context_set_once(struct vcpu *v, const struct vcpu_guest_context *context)
{
    int ret = -EEXIST;

    if (atomic_xchg(&v->starting, 1u))
        return -ERESTART;
    if (!v->initialised)
        ret = vcpu_set_context(v, context);
    atomic_write(&v->starting, 0u);
    return ret;
}

long hc_vcpu_initialise(struct vcpu *vcpu, guest_ptr_t context)
{
    struct vcpu_guest_context *copy;
    long ret = -EFAULT;

    if (vcpu->initialised)
        return -EEXIST;
    copy = heap_alloc(sizeof(*copy));
    if (!copy)
        return -ENOMEM;
    if (copy_from_guest(copy, context, sizeof(*copy)) == 0)
        ret = context_set_once(vcpu, copy);
    heap_free(copy, sizeof(*copy));
    return ret;
}

long hc_vcpu_up(struct vcpu *vcpu)
{
    if (!vcpu->initialised)
        return -EINVAL;
    vcpu_unpause(vcpu, VCPU_PAUSED_DOWN);
    return 0;
}

static bool others_are_down(const struct vcpu *v)
{
    for_each_vcpu(v->domain, other) {
        if (other != v && !vcpu_is_down(other))
            return false;
    }
    return true;
}

/* A domain whose last vCPU goes down could never come back: it is switched off. */
long hc_vcpu_down(struct vcpu *vcpu)
{
    if (others_are_down(vcpu))
        domain_shutdown(vcpu->domain, SHUTDOWN_poweroff);
    else
        vcpu_pause_nosync(vcpu, VCPU_PAUSED_DOWN);
    return 0;
}

/* The processor has ACPI number = its own; only a dom0 vCPU that cannot move is told. */
long hc_vcpu_get_physid(struct vcpu *vcpu, struct vcpu_get_physid *op)
{
    uint64_t cpus = READ_ONCE(vcpu->affinity);
    unsigned cpu;

    if (!vcpu->domain->is_control || !cpus || (cpus & (cpus - 1)))
        return -EINVAL;
    cpu = bit_lowest(cpus);
    op->phys_id = (uint64_t)cpu << 32 | machine_apic_id(cpu);
    return 0;
}

/* ---- areas ---- */

/* The first state is written now, by the caller's address space; later ones by the vCPU's own. */
long hc_vcpu_register_runstate_memory_area(struct vcpu *vcpu,
                                           struct vcpu_register_runstate_memory_area *op)
{
    guest_ptr_t area = guest_ptr(op->addr.p);
    struct vcpu_runstate_info info;

    if (area.va) {
        __builtin_memset(&info, 0, sizeof(info)); /* padding goes out, too */
        sched_runstate(vcpu, &info);
        if (copy_to_guest(area, &info, sizeof(info)))
            return -EFAULT;
    }
    WRITE_ONCE(vcpu->runstate_area.va, area.va);
    return 0;
}

long hc_vcpu_register_vcpu_time_memory_area(struct vcpu *vcpu,
                                            struct vcpu_register_time_memory_area *op)
{
    guest_ptr_t area = guest_ptr(op->addr.p);

    if (area.va && !guest_range_ok(area, 1, sizeof(struct vcpu_time_info)))
        return -EFAULT;
    WRITE_ONCE(vcpu->time_area.va, area.va);
    vcpu_set_work(vcpu, WORK_TIME);
    return 0;
}

long hc_vcpu_register_vcpu_info(struct vcpu *vcpu, struct vcpu_register_vcpu_info *op)
{
    const uint32_t align = __alignof__(struct vcpu_info);

    if (op->offset > PAGE_SIZE - sizeof(struct vcpu_info) || op->offset % align)
        return -ENXIO;
    if (vcpu != current && !vcpu_is_down(vcpu))
        return -EINVAL;
    return vcpu_register_info(vcpu, _mfn(op->mfn), op->offset);
}

/* ---- timers ---- */

long hc_vcpu_set_singleshot_timer(struct vcpu *vcpu, struct vcpu_set_singleshot_timer *op)
{
    if (vcpu != current)
        return -EINVAL;
    return time_set_singleshot(vcpu, op->timeout_abs_ns, op->flags & VCPU_SSHOTTMR_future);
}

long hc_vcpu_stop_singleshot_timer(struct vcpu *vcpu)
{
    if (vcpu != current)
        return -EINVAL;
    time_stop_singleshot(vcpu);
    return 0;
}

long hc_set_timer_op(uint64_t timeout)
{
    if (timeout)
        return time_set_singleshot(current, timeout, false);
    time_stop_singleshot(current);
    return 0;
}
