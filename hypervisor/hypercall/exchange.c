/* SPDX-License-Identifier: MIT */
/*
 * XENMEM_exchange: a domain gives extents of frames for others, which are contiguous to the order
 * asked for and below the address width asked for, and keep the pseudo-physical numbers given. A
 * dom0 kernel makes its bounce buffers so.
 *
 * The work goes in steps: as many input extents as make one output extent, or one input extent for
 * as many outputs, at most 2 MiB. A step first proves that its lists can be read and written, takes
 * new frames, then gives up the old ones, all or none: what fails leaves both sides as they were.
 * nr_exchanged goes back to the guest always; a repeated call goes on from there. It is the guest's
 * word: nothing but the place in the guest's own lists is computed from it.
 */
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "mm/guest.h"
#include "mm/reservation.h"

#define STEP_FRAMES (1u << EXTENT_ORDER_MAX)

/* One side of a step. */
struct side {
    guest_ptr_t list;
    unsigned order; /* of an extent */
    unsigned nr;    /* extents in a step */
};

struct exchange {
    struct mm_account *acct;
    struct side in, out;
    unsigned address_bits;
    /* --- the step in hand --- */
    uint64_t old_frame[STEP_FRAMES]; /* first frame of each extent given */
    uint64_t pfn[STEP_FRAMES];       /* pseudo-physical number of each extent taken */
    uint64_t new_frame[STEP_FRAMES];
};

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

static struct side side_of(const struct xen_memory_reservation *r, unsigned step_order)
{
    return (struct side){ .list = guest_ptr(r->extent_start),
                          .order = r->extent_order,
                          .nr = 1u << (step_order - r->extent_order) };
}

/* The step's part of a list. */
static guest_ptr_t side_at(const struct side *side, uint64_t step)
{
    return guest_ptr_at(side->list, step * side->nr, sizeof(uint64_t));
}

/* The list of new frames is written once as it is: later it can only fail by the guest's own doing.
 */
static int step_read(struct exchange *x, uint64_t step)
{
    size_t out_bytes = x->out.nr * sizeof(uint64_t);

    if (copy_from_guest(x->old_frame, side_at(&x->in, step), x->in.nr * sizeof(uint64_t)) ||
        copy_from_guest(x->pfn, side_at(&x->out, step), out_bytes) ||
        copy_to_guest(side_at(&x->out, step), x->pfn, out_bytes))
        return -EFAULT;
    return 0;
}

static void new_frames_drop(struct exchange *x, unsigned nr)
{
    /* A guest that guesses a number and gives it up itself loses nothing but that frame. */
    for (unsigned i = 0; i < nr; i++)
        (void)!extent_give_up(x->acct, _mfn(x->new_frame[i]), x->out.order);
}

static int new_frames_take(struct exchange *x)
{
    for (unsigned i = 0; i < x->out.nr; i++) {
        mfn_t mfn = frames_alloc(x->acct, x->out.order, x->address_bits);

        if (mfn_eq(mfn, MFN_INVALID)) {
            new_frames_drop(x, i);
            return -ENOMEM;
        }
        x->new_frame[i] = mfn_x(mfn);
    }
    return 0;
}

/* Old and new exist together for a moment, so the limit gives way by one step. */
static int step_exchange(struct exchange *x)
{
    int64_t frames = (int64_t)x->out.nr << x->out.order;
    int ret;

    account_lend(x->acct, frames);
    ret = new_frames_take(x);
    if (ret == 0) {
        ret = extents_surrender(x->acct, x->old_frame, x->in.nr, x->in.order);
        if (ret)
            new_frames_drop(x, x->out.nr);
    }
    account_lend(x->acct, -frames);
    return ret;
}

static int step_run(struct exchange *x, uint64_t step)
{
    int ret = step_read(x, step);

    if (ret == 0)
        ret = step_exchange(x);
    if (ret)
        return ret;
    for (unsigned i = 0; i < x->out.nr; i++)
        extent_name(x->acct, _mfn(x->new_frame[i]), x->out.order, x->pfn[i]);
    return copy_to_guest(side_at(&x->out, step), x->new_frame, x->out.nr * sizeof(uint64_t));
}

static long exchange_run(struct exchange *x, struct xen_memory_exchange *op)
{
    uint64_t nr = op->in.nr_extents / x->in.nr;
    uint64_t first = op->nr_exchanged / x->in.nr;
    long ret = 0;

    for (uint64_t step = first; step < nr && ret == 0; step++) {
        if (step != first && preempt_pending())
            return -ERESTART;
        ret = step_run(x, step);
        if (ret == 0)
            op->nr_exchanged = (step + 1) * x->in.nr;
    }
    return ret;
}

long hc_memory_exchange(struct domain *d, struct xen_memory_exchange *op)
{
    unsigned step_order = MAX(op->in.extent_order, op->out.extent_order);
    struct exchange *x;
    long ret = exchange_check(op);

    if (ret)
        return ret;
    x = heap_alloc(sizeof(*x));
    if (!x)
        return -ENOMEM;
    x->acct = &d->mm;
    x->in = side_of(&op->in, step_order);
    x->out = side_of(&op->out, step_order);
    x->address_bits = XENMEMF_get_address_bits(op->out.mem_flags);
    ret = exchange_run(x, op);
    heap_free(x, sizeof(*x));
    return ret;
}
