/* SPDX-License-Identifier: MIT */
/*
 * The domain that a hypercall acts on. One rule for all of them: everyone may name itself, a
 * control domain may name anyone, and the others learn nothing about who exists. The caller's own
 * domain carries no reference, so that the common case costs nothing; target_put() knows.
 */
#ifndef LAMINA_HYPERCALL_TARGET_H
#define LAMINA_HYPERCALL_TARGET_H

#include "core/domain.h"

/* DOMID_SELF or the caller's own number, or for a control domain any: -EPERM, -ESRCH. */
int target_get(domid_t id, struct domain **out) must_check;
/* Whose frames an entry may name: also devices (DOMID_IO, *out NULL). DOMID_XEN: -EINVAL. */
int target_frames_get(domid_t id, struct domain **out) must_check;
void target_put(struct domain *d); /* NULL: nothing */
/*
 * For a tool's operation on one domain, one at a time: *out with a reference, NULL if there is none
 * of that number. -ERESTART: another CPU has such an operation in hand, ask again.
 */
int target_claim(domid_t id, struct domain **out) must_check;
void target_release(struct domain *d); /* NULL: nothing */

/* A domain number as others see it: DOMID_SELF becomes the caller's. */
static inline domid_t domid_resolve(domid_t id)
{
    return id == DOMID_SELF ? current->domain->id : id;
}

#endif
