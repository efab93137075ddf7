/* SPDX-License-Identifier: MIT */
/*
 * Planted mistakes for the rules of tests/lint/ and for sparse; never linked. Each marked line must
 * be found, and nothing else in this file.
 */
#include "core/domain.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "mm/guest.h"
#include "mm/page.h"

int planted_read_twice(guest_ptr_t arg);
bool planted_loaded_twice(const struct vcpu *v);
int planted_domain_kept(domid_t id, unsigned limit);
int planted_taken_kept(struct domain *d);
int planted_both_kept(struct domain *a, struct domain *b);
int planted_frame_kept(struct domain *d, mfn_t mfn);
int planted_memory_kept(struct domain *d, struct vcpu **out);
uint64_t planted_plain_access(struct domain *d);
int planted_all_right(struct domain *d, domid_t id, mfn_t mfn);

/* The size is judged by the first copy and used from the second. */
int planted_read_twice(guest_ptr_t arg)
{
    uint64_t bytes, again;

    if (copy_from_guest(&bytes, arg, sizeof(bytes)) || bytes > PAGE_SIZE)
        return -EFAULT;
    if (copy_from_guest(&again, arg, sizeof(again))) /* finds: read_twice */
        return -EFAULT;
    return (int)again;
}

bool planted_loaded_twice(const struct vcpu *v)
{
    const struct vcpu_info guest_shared *info = v->arch.info;

    if (READ_ONCE(info->evtchn_pending_sel) == 0)
        return false;
    return READ_ONCE(info->evtchn_pending_sel) > 1; /* finds: read_twice */
}

int planted_domain_kept(domid_t id, unsigned limit)
{
    struct domain *d = domain_get(id);

    if (!d)
        return -ESRCH;
    if (d->vcpus_max > limit)
        return -EINVAL; /* finds: put_missing */
    domain_put(d);
    return 0;
}

int planted_taken_kept(struct domain *d)
{
    lock_take(&d->lock);
    if (d->is_dying)
        return -ESRCH; /* finds: put_missing */
    d->pause_count++;
    lock_drop(&d->lock);
    return 0;
}

int planted_both_kept(struct domain *a, struct domain *b)
{
    mm_lock_pair(&a->mm, &b->mm);
    if (a->is_dying)
        return -ESRCH; /* finds: put_missing */
    mm_unlock_pair(&a->mm, &b->mm);
    return 0;
}

int planted_frame_kept(struct domain *d, mfn_t mfn)
{
    if (frame_get(&d->mm, mfn, PT_WRITABLE))
        return -EINVAL;
    if (d->is_dying)
        return -ESRCH; /* finds: put_missing */
    frame_put(&d->mm, mfn);
    return 0;
}

int planted_memory_kept(struct domain *d, struct vcpu **out)
{
    struct vcpu *v = heap_alloc(sizeof(*v));

    if (!v)
        return -ENOMEM;
    if (d->is_dying)
        return -ESRCH; /* finds: put_missing */
    *out = v;
    return 0;
}

/* A field that the guest writes, read as the compiler likes. */
uint64_t planted_plain_access(struct domain *d)
{
    return d->shared->arch.max_pfn; /* finds: sparse */
}

/* The same shapes, done right. */
int planted_all_right(struct domain *d, domid_t id, mfn_t mfn)
{
    struct domain *rd = domain_get(id);
    int rc = 0;

    if (!rd)
        return -ESRCH;
    lock_take(&d->lock);
    if (d->is_dying || frame_get(&d->mm, mfn, PT_WRITABLE)) {
        lock_drop(&d->lock);
        domain_put(rd);
        return -EINVAL;
    }
    if (READ_ONCE(rd->shared->arch.max_pfn) == 0)
        rc = -EBUSY;
    frame_put(&d->mm, mfn);
    lock_drop(&d->lock);
    domain_put(rd);
    return rc;
}
