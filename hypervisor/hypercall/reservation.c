/* SPDX-License-Identifier: MIT */
/*
 * memory_op on extents: give a domain frames, or take them back, extent by extent. Each returns how
 * many extents are done from the first one on; the first that fails ends the call. A preempted call
 * carries the extent to go on with in its command.
 */
#include "hypercall/target.h"
#include "hypercall/hypercall.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "mm/guest.h"
#include "mm/reservation.h"

struct reservation {
    struct mm_account *acct;
    guest_ptr_t list; /* one 64-bit frame number an extent */
    unsigned order, address_bits;
};

typedef int extent_fn(const struct reservation *r, uint64_t extent);

static guest_ptr_t extent_slot(const struct reservation *r, uint64_t extent)
{
    return guest_ptr_at(r->list, extent, sizeof(uint64_t));
}

/* Each extent from `start` on: extents done, or -ERESTART. */
static long extents_run(const struct reservation *r, uint64_t start, uint64_t nr, uint32_t cmd,
                        extent_fn *each)
{
    uint64_t done;

    for (done = start; done < nr; done++) {
        uint64_t frames = (done - start) << r->order;

        if (frames && frames % BATCH_PREEMPT == 0 && preempt_pending())
            return hypercall_restart_extent(cmd, done);
        if (each(r, done))
            break;
    }
    return (long)done;
}

/* What is wrong as a whole is answered as "no extent done", as the ABI has it. */
static long reservation_run(const struct xen_memory_reservation *op, uint64_t start, uint32_t cmd,
                            extent_fn *each)
{
    struct reservation r;
    struct domain *d;
    long ret;

    if (op->nr_extents > UINT64_MAX >> 6 || start >= op->nr_extents ||
        op->extent_order > EXTENT_ORDER_MAX)
        return (long)start;
    if (op->extent_start &&
        !guest_range_ok(guest_ptr(op->extent_start), op->nr_extents, sizeof(uint64_t)))
        return (long)start;
    ret = target_get(op->domid, &d);
    if (ret)
        return ret == -EPERM ? ret : (long)start;
    r.acct = &d->mm;
    r.list = guest_ptr(op->extent_start);
    r.order = op->extent_order;
    r.address_bits = XENMEMF_get_address_bits(op->mem_flags);
    ret = extents_run(&r, start, op->nr_extents, cmd, each);
    target_put(d);
    return ret;
}

/* Tell the guest where the extent is, or take it back: a frame nobody knows of would be lost. */
static int extent_tell(const struct reservation *r, uint64_t extent, mfn_t mfn)
{
    if (copy_to_guest(extent_slot(r, extent), &mfn.v, sizeof(mfn.v)) == 0)
        return 0;
    /* It can fail only if the guest gave the frames up itself meanwhile: they are gone then, too.
     */
    (void)!extent_give_up(r->acct, mfn, r->order);
    return -EFAULT;
}

static int extent_populate(const struct reservation *r, uint64_t extent)
{
    uint64_t pfn;
    mfn_t mfn;

    if (copy_from_guest(&pfn, extent_slot(r, extent), sizeof(pfn)))
        return -EFAULT;
    mfn = frames_alloc(r->acct, r->order, r->address_bits);
    if (mfn_eq(mfn, MFN_INVALID))
        return -ENOMEM;
    extent_name(r->acct, mfn, r->order, pfn);
    return extent_tell(r, extent, mfn);
}

static int extent_increase(const struct reservation *r, uint64_t extent)
{
    mfn_t mfn = frames_alloc(r->acct, r->order, r->address_bits);

    if (mfn_eq(mfn, MFN_INVALID))
        return -ENOMEM;
    return r->list.va ? extent_tell(r, extent, mfn) : 0;
}

static int extent_decrease(const struct reservation *r, uint64_t extent)
{
    uint64_t first;

    if (copy_from_guest(&first, extent_slot(r, extent), sizeof(first)))
        return -EFAULT;
    return extent_give_up(r->acct, _mfn(first), r->order);
}

long hc_memory_populate_physmap(struct xen_memory_reservation *op, uint64_t start)
{
    return reservation_run(op, start, XENMEM_populate_physmap, extent_populate);
}

long hc_memory_increase_reservation(struct xen_memory_reservation *op, uint64_t start)
{
    return reservation_run(op, start, XENMEM_increase_reservation, extent_increase);
}

long hc_memory_decrease_reservation(struct xen_memory_reservation *op, uint64_t start)
{
    return reservation_run(op, start, XENMEM_decrease_reservation, extent_decrease);
}

/* ---- how many ---- */

/* "No limit" shows as the largest 32-bit number: kernels take the answer for a count of frames. */
long hc_memory_maximum_reservation(struct domain *d, struct xen_memory_domain *op)
{
    (void)op;
    return (long)MIN(READ_ONCE(d->mm.frames_max), (uint64_t)UINT32_MAX);
}

/* Nothing is set aside: a builder that finds too little later fails then. Taking back is fine. */
long hc_memory_claim_pages(struct domain *d, struct xen_memory_reservation *op)
{
    (void)d;
    if (op->extent_order || op->mem_flags)
        return -EINVAL;
    return op->nr_extents <= frames_free() ? 0 : -ENOMEM;
}
