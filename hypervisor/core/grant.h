/* SPDX-License-Identifier: MIT */
/*
 * Grant table version 1. `d` is the caller (mapper, copier); results are GNTST_* codes for the
 * element's status, filled in by these functions. `v` is current: host mappings go to its tables.
 */
#ifndef LAMINA_CORE_GRANT_H
#define LAMINA_CORE_GRANT_H

#include "lib/limits.h"
#include "public/grant_table.h"
#include "sys/lock.h"

struct domain;
struct vcpu;
struct maptrack; /* one live mapping of a foreign grant, by handle */
struct grant_active; /* what the hypervisor knows of a grant in use: pins, frame */

struct grant_table {
    spinlock_t lock;
    unsigned nr_frames, frames_max;
    struct grant_entry_v1 guest_shared *frame[GRANT_FRAMES_MAX]; /* shared with the guest */
    struct grant_active *active[GRANT_FRAMES_MAX];  /* same shape, hypervisor only */
    /* --- as a mapper; under the same lock --- */
    struct maptrack **maptrack; /* pages of handles, see core/grant_table.h */
    unsigned nr_maptrack, nr_maptrack_used, maptrack_max;
    uint32_t maptrack_free;     /* first of the list of free handles, or ~0 */
};

int grant_table_init(struct domain *d, unsigned frames_max, unsigned maptrack_max) must_check;
/*
 * Forget all mappings that the dying d holds of others' grants; no vCPU of d runs. The entries in
 * its page tables keep their references on the frames until account_relinquish(). -ERESTART: call
 * again.
 */
int grant_table_release_mappings(struct domain *d) must_check;
/*
 * After the last reference to d was put: each mapping of d's grants holds one, so none is left. 0,
 * or -EBUSY while a frame of the table itself is still mapped somewhere: call again.
 */
int grant_table_destroy(struct domain *d);

void grant_map(struct vcpu *v, struct gnttab_map_grant_ref *op);
/* unmap in two phases: all elements of a batch, then one flush, then the puts. */
void grant_unmap(struct vcpu *v, struct gnttab_unmap_grant_ref *op);
void grant_unmap_and_replace(struct vcpu *v, struct gnttab_unmap_and_replace *op);
void grant_unmap_flush(struct vcpu *v); /* end of a batch of unmaps: flush, then drop references */
void grant_copy(struct vcpu *v, struct gnttab_copy *op);
void grant_setup_table(struct vcpu *v, struct gnttab_setup_table *op); /* writes the list */
void grant_query_size(struct vcpu *v, struct gnttab_query_size *op);
int grant_get_version(struct vcpu *v, struct gnttab_get_version *op); /* -ESRCH -EPERM */
int grant_set_version(struct vcpu *v, struct gnttab_set_version *op); /* -ENOSYS: 2; -EINVAL */
void grant_get_status_frames(struct vcpu *v, struct gnttab_get_status_frames *op); /* refused */
int grant_swap_ref(struct vcpu *v, struct gnttab_swap_grant_ref *op) must_check;
/* Grow so that at least nr frames exist; used by setup_table, add_to_physmap, acquire_resource. */
int grant_table_grow(struct domain *d, unsigned nr) must_check;
mfn_t grant_table_frame(struct domain *d, unsigned index); /* MFN_INVALID: none */
bool grant_check(struct domain *d);

#endif
