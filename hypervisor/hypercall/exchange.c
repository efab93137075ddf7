/* SPDX-License-Identifier: MIT */
/*
 * XENMEM_exchange: a domain gives extents of frames for others, which are contiguous to the order
 * asked for and below the address width asked for, and keep the pseudo-physical numbers given. A
 * dom0 kernel makes its bounce buffers so.
 *
 * The work goes in steps: as many input extents as make one output extent, or one input extent for
 * as many outputs, at most 2 MiB. A step first proves that its lists can be read and written; what
 * fails leaves both sides as they were (mm/exchange.c, which can also be interrupted in a step).
 * nr_exchanged goes back to the guest always; a repeated call goes on from there. It is the guest's
 * word: nothing but the place in the guest's own lists is computed from it.
 */
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "mm/exchange.h"
#include "mm/guest.h"

static int exchange_check(const struct xen_memory_exchange *op)
{
    const struct xen_memory_reservation *in = &op->in, *out = &op->out;

    if (in->extent_order > EXTENT_ORDER_MAX || out->extent_order > EXTENT_ORDER_MAX)
        return -EPERM;
    if (op->nr_exchanged > in->nr_extents || in->domid != out->domid)
        return -EINVAL;
    if (UINT64_MAX >> in->extent_order < in->nr_extents ||
        UINT64_MAX >> out->extent_order < out->nr_extents)
        return -EINVAL;
    if (in->nr_extents << in->extent_order != out->nr_extents << out->extent_order)
        return -EINVAL;
    if (!guest_range_ok(guest_ptr(in->extent_start), in->nr_extents, sizeof(uint64_t)) ||
        !guest_range_ok(guest_ptr(out->extent_start), out->nr_extents, sizeof(uint64_t)))
        return -EFAULT;
    return 0;
}

/* A side of step number `step`; all steps are as large as the larger extent. */
static struct exchange_side side_of(const struct xen_memory_reservation *r, unsigned step_order,
                                    uint64_t step)
{
    unsigned nr = 1u << (step_order - r->extent_order);

    return (struct exchange_side){ .list = r->extent_start + step * nr * sizeof(uint64_t),
                                   .order = r->extent_order,
                                   .nr = nr };
}

static bool side_is(const struct exchange_side *a, const struct exchange_side *b)
{
    return a->list == b->list && a->order == b->order && a->nr == b->nr;
}

static bool step_is(const struct exchange_step *a, const struct exchange_step *b)
{
    return side_is(&a->in, &b->in) && side_is(&a->out, &b->out) &&
           a->address_bits == b->address_bits;
}

/* The list of new frames is written once as it is: later it can only fail by the guest's own doing.
 */
static int step_read(struct exchange *x)
{
    guest_ptr_t out = guest_ptr(x->step.out.list);
    size_t out_bytes = x->step.out.nr * sizeof(uint64_t);

    if (copy_from_guest(x->old_frame, guest_ptr(x->step.in.list),
                        x->step.in.nr * sizeof(uint64_t)) ||
        copy_from_guest(x->pfn, out, out_bytes) || copy_to_guest(out, x->pfn, out_bytes))
        return -EFAULT;
    return 0;
}

static int step_tell(struct mm_account *acct, const struct exchange *x)
{
    for (unsigned i = 0; i < x->step.out.nr; i++)
        extent_name(acct, _mfn(x->new_frame[i]), x->step.out.order, x->pfn[i]);
    return copy_to_guest(guest_ptr(x->step.out.list), x->new_frame,
                         x->step.out.nr * sizeof(uint64_t));
}

/*
 * One step, from where it was interrupted if it was. What the guest left half done and does not go
 * on with is ended first.
 */
static int step_run(struct mm_account *acct, const struct exchange_step *wanted)
{
    struct exchange *x = acct->exchange;
    int ret = 0;

    if (!step_is(&x->step, wanted))
        ret = exchange_settle(acct);
    if (ret)
        return ret;
    if (x->phase == EXCHANGE_NONE) {
        x->step = *wanted;
        ret = step_read(x);
        if (ret)
            return ret;
        exchange_begin(acct);
    }
    ret = exchange_run(acct);
    return ret ? ret : step_tell(acct, x);
}

static long exchange_steps(struct mm_account *acct, struct xen_memory_exchange *op)
{
    unsigned step_order = MAX(op->in.extent_order, op->out.extent_order);
    uint64_t nr_in = UINT64_C(1) << (step_order - op->in.extent_order);
    uint64_t nr = op->in.nr_extents / nr_in, first = op->nr_exchanged / nr_in;
    long ret = 0;

    for (uint64_t step = first; step < nr && ret == 0; step++) {
        struct exchange_step wanted = {
            .in = side_of(&op->in, step_order, step),
            .out = side_of(&op->out, step_order, step),
            .address_bits = XENMEMF_get_address_bits(op->out.mem_flags),
        };

        if (step != first && preempt_pending())
            return -ERESTART;
        ret = step_run(acct, &wanted);
        if (ret == 0)
            op->nr_exchanged = (step + 1) * nr_in;
    }
    return ret;
}

long hc_memory_exchange(struct domain *d, struct xen_memory_exchange *op)
{
    long ret = exchange_check(op);

    if (ret == 0)
        ret = exchange_enter(&d->mm);
    if (ret)
        return ret;
    ret = exchange_steps(&d->mm, op);
    exchange_leave(&d->mm);
    return ret;
}
