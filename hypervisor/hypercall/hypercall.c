/* SPDX-License-Identifier: MIT */
/*
 * Hypercall entry, restart and lists.
 *
 * The path of others than the null hypercall is upcall_hypercall, class function, handler; budget
 * 20 instructions, no lock, no store but the result. Everything rare (restart) stands behind one
 * comparison. XENVER_version is what kernels call only to have events delivered, so it is looked
 * for first: budget 10.
 */
#include "hypercall/hypercall.h"
#include "core/domain.h"
#include "lib/errno.h"
#include "mm/guest.h"
#include "public/version.h"
#include "x86/upcall.h"

#define SYSCALL_BYTES 2  /* length of the instruction that is executed again */
#define EXTENT_SHIFT  6  /* memory_op: the first extent's place in the command */
#define LIST_PREEMPT  16 /* elements between two looks: a grant map costs a few microseconds */

/*
 * -ERESTART from a handler: registers hold the next attempt's arguments and RAX still the number.
 * The same value after iret is what the guest wants in RAX, where it is already.
 */
static __attribute__((noinline)) void hypercall_again(struct guest_cpu *g)
{
    struct hypercall_state *state = &current->call;

    if (state->left_by_iret)
        state->left_by_iret = false;
    else
        g->regs.rip -= SYSCALL_BYTES;
}

void upcall_hypercall(struct guest_cpu *g)
{
    struct guest_regs *r = &g->regs;
    long ret = -ENOSYS;

    if (r->rax == __HYPERVISOR_xen_version && likely((uint32_t)r->rdi == XENVER_version)) {
        r->rax = INTERFACE_VERSION;
        return;
    }
    if (likely(r->rax < HYPERCALL_NUMBERS))
        ret = hypercall_table[r->rax](r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9);
    if (unlikely(ret == -ERESTART))
        hypercall_again(g);
    else
        r->rax = (uint64_t)ret;
}

long hypercall_restart(unsigned nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
    struct vcpu *v = current;
    struct guest_regs *r = &v->arch.regs;
    uint64_t *const place[] = { &r->rdi, &r->rsi, &r->rdx, &r->r10 };
    const uint64_t args[] = { a0, a1, a2, a3 };

    for (unsigned i = 0; i < nr; i++) {
        if (v->call.args)
            v->call.args[i] = args[i];
        else
            *place[i] = args[i];
    }
    return -ERESTART;
}

long hypercall_restart_extent(uint32_t cmd, uint64_t done)
{
    return hypercall_restart(1, cmd | done << EXTENT_SHIFT, 0, 0, 0);
}

/* One element: read once, handled, written back with its status. */
static int list_element(const struct hypercall_list *shape, guest_ptr_t at)
{
    uint64_t element[HYPERCALL_ELEMENT_MAX / sizeof(uint64_t)];

    if (copy_from_guest(element, at, shape->size))
        return -EFAULT;
    shape->each(element);
    return copy_to_guest(at, element, shape->size);
}

long hypercall_list_run(const struct hypercall_list *shape, guest_ptr_t list, uint32_t count)
{
    uint32_t done;
    long ret = 0;

    if (!guest_range_ok(list, count, shape->size))
        return -EFAULT;
    for (done = 0; done < count && ret == 0; done++) {
        guest_ptr_t at = guest_ptr_at(list, done, shape->size);

        if (done && done % LIST_PREEMPT == 0 && preempt_pending())
            ret = hypercall_restart(3, shape->cmd, at.va, count - done, 0);
        else
            ret = list_element(shape, at);
    }
    if (shape->flush)
        shape->flush();
    return ret;
}
