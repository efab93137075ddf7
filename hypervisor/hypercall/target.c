/* SPDX-License-Identifier: MIT */
/*
 * The domain that a hypercall acts on. One rule for all of them: everyone may name itself, a
 * control domain may name anyone, and the others learn nothing about who exists.
 */
#include "hypercall/target.h"
#include "lib/bits.h"
#include "lib/errno.h"

int target_get(domid_t id, struct domain **out)
{
    struct domain *own = current->domain;

    if (id == DOMID_SELF || id == own->id) {
        *out = own;
        return 0;
    }
    if (!own->is_control)
        return -EPERM;
    *out = id < DOMID_FIRST_RESERVED ? domain_get(id) : NULL;
    return *out ? 0 : -ESRCH;
}

int target_frames_get(domid_t id, struct domain **out)
{
    *out = NULL; /* devices: mm/ asks the account of the tables which of them it may map */
    if (id == DOMID_XEN)
        return current->domain->is_control ? -EINVAL : -EPERM;
    return id == DOMID_IO ? 0 : target_get(id, out);
}

void target_put(struct domain *d)
{
    if (d && d != current->domain)
        domain_put(d);
}

int target_claim(domid_t id, struct domain **out)
{
    struct domain *d = domain_get(id);

    if (d && atomic_xchg(&d->claimed, 1u)) {
        domain_put(d);
        return -ERESTART;
    }
    *out = d;
    return 0;
}

void target_release(struct domain *d)
{
    if (d)
        domain_release(d);
}
