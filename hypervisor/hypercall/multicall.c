/* SPDX-License-Identifier: MIT */
/*
 * multicall: a list of hypercalls in one entry, and iret, the one call that can leave it.
 *
 * An entry runs as if called directly; its result is written to the guest before the next entry is
 * read. An entry that must be continued gets its new arguments in place and the multicall starts
 * again there. iret ends the list: no later entry runs and RAX is the iret frame's.
 */
#include "hypercall/hypercall.h"
#include "hypercall_handlers.h"
#include "core/domain.h"
#include "lib/bits.h"
#include "lib/errno.h"
#include "mm/guest.h"
#include "pv/trap.h"

#define ENTRY_BYTES       sizeof(struct multicall_entry)
#define MULTICALL_PREEMPT 8 /* light entries between two looks; after others each time */

/* Calls of which eight take no longer than one list of others: what a context switch is made of. */
static const uint64_t light_calls =
    BIT(__HYPERVISOR_stack_switch) | BIT(__HYPERVISOR_fpu_taskswitch) |
    BIT(__HYPERVISOR_set_debugreg) | BIT(__HYPERVISOR_update_descriptor) |
    BIT(__HYPERVISOR_update_va_mapping) | BIT(__HYPERVISOR_set_segment_base) |
    BIT(__HYPERVISOR_xen_version) | BIT(__HYPERVISOR_vm_assist) |
    BIT(__HYPERVISOR_set_timer_op) | BIT(__HYPERVISOR_iret);

static bool is_light(uint64_t call)
{
    return call < 64 && (light_calls >> call & 1);
}

/*
 * RAX is the frame's, and the dispatch stores there what this returns. left_by_iret tells a value
 * that looks like a request to restart from a real one; outside a multicall it is set only then.
 */
static long iret_result(struct vcpu *v)
{
    long rax = (long)v->arch.regs.rax;

    v->call.left_by_iret = rax == -ERESTART;
    return rax;
}

long hc_iret(void)
{
    struct vcpu *v = current;

    iret_hypercall(v);
    if (!v->call.args)
        return iret_result(v);
    v->call.left_by_iret = true;
    return 0;
}

/* Run one entry: 0 when its result is stored, -EFAULT, or -ERESTART to begin again with it. */
static long multicall_entry_run(struct hypercall_state *state, struct multicall_entry *entry,
                                guest_ptr_t at)
{
    guest_ptr_t result = guest_ptr(at.va + offsetof(struct multicall_entry, result));
    const uint64_t *args = entry->args;
    long ret = -ENOSYS;

    if (copy_from_guest(entry, at, sizeof(*entry)))
        return -EFAULT;
    if (entry->op < HYPERCALL_NUMBERS)
        ret = hypercall_table[entry->op](args[0], args[1], args[2], args[3], args[4], args[5]);
    if (unlikely(state->left_by_iret))
        return 0;
    if (likely(ret != -ERESTART))
        return copy_to_guest(result, &ret, sizeof(ret));
    if (copy_to_guest(guest_ptr(at.va + offsetof(struct multicall_entry, args)), args,
                      sizeof(entry->args)))
        return -EFAULT;
    return -ERESTART;
}

long hc_multicall(guest_ptr_t calls, uint32_t count)
{
    struct vcpu *v = current;
    struct hypercall_state *state = &v->call;
    struct multicall_entry entry;
    uint32_t done = 0, light = 0;
    long ret = 0;

    if (state->args)
        return -EINVAL;
    if (!guest_range_ok(calls, count, ENTRY_BYTES))
        return -EFAULT;
    state->args = entry.args;
    state->left_by_iret = false;
    while (done < count && ret == 0 && !state->left_by_iret) {
        if (light >= MULTICALL_PREEMPT && preempt_pending())
            ret = -ERESTART;
        else
            ret = multicall_entry_run(state, &entry, guest_ptr_at(calls, done, ENTRY_BYTES));
        light = light >= MULTICALL_PREEMPT ? 0 : light;
        light += is_light(entry.op) ? 1 : MULTICALL_PREEMPT;
        if (ret == 0)
            done++;
    }
    state->args = NULL;
    if (state->left_by_iret)
        return iret_result(v);
    if (ret == -ERESTART) {
        guest_ptr_t rest = guest_ptr_at(calls, done, ENTRY_BYTES);
        return hypercall_restart(2, rest.va, count - done, 0, 0);
    }
    return ret;
}
