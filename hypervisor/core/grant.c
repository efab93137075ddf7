/* SPDX-License-Identifier: MIT */
/*
 * Grant tables, version 1.
 *
 * A domain shows single frames of its own to single other domains. It writes an entry (frame, who
 * may, read-only or not) into its table, which is memory shared with us, and tells the other domain
 * the entry's number. The other domain maps the frame by (domain, number), or has us copy.
 *
 *      granter's table          active entry (ours)            mapper
 *      { flags, domid, frame }  { pins, frame, domid }         handle -> { domain, ref, flags }
 *
 *      permit_access   --map, copy: pin-->   pinned: reading [+ writing] set in the granter's flags
 *             ^                                      |  ^
 *             |                                      |  | further pins by the same domain
 *             +------ last pin goes: bits cleared ---+--+
 *
 *      handle:  free -> reserved -> mapped {host, device} -> unmapping -> (flush) -> free
 *
 * Rules that everything rests on:
 *  - Each pin has one reference on the frame, with a writable type if it is a write pin. So a
 *    granted frame is not freed while mapped, and never becomes a page table while another domain
 *    can write it. The references of a host mapping belong to the page-table entry itself.
 *  - References are dropped only after the TLBs that could hold the mapping were flushed.
 *  - The shared entry is hostile memory: see grant_pin.c.
 *  - A handle keeps its granting domain's structure alive (see maptrack.c).
 *  - At most one grant lock is held at a time; the account lock nests inside.
 *
 * This file: the table itself, its growth, and the calls that only look at it or move entries.
 */
#include "core/grant_table.h"
#include "lib/bits.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/guest.h"
#include "sys/log.h"

#define ACTIVE_BYTES (GRANTS_PER_FRAME * sizeof(struct grant_active))

/* ---- the table ------------------------------------------------------------------------------- */

static mfn_t frame_mfn(const struct domain *d, unsigned index)
{
    return shared_frame(d->grants.frame[index]);
}

/* Memory for one more frame, which no guest can name yet. */
static int frame_prepare(struct domain *d, unsigned index)
{
    mfn_t mfn = frames_alloc(NULL, 0, 0);
    struct grant_active *active = mfn_eq(mfn, MFN_INVALID) ? NULL : heap_alloc(ACTIVE_BYTES);

    if (!active) {
        if (!mfn_eq(mfn, MFN_INVALID))
            frames_release(mfn, 0);
        return -ENOMEM;
    }
    machine_clear_frame(mfn); /* before the guest can see what it held */
    d->grants.frame[index] = shared_map(mfn);
    d->grants.active[index] = active;
    return 0;
}

static void frame_discard(struct domain *d, unsigned index)
{
    frames_release(frame_mfn(d, index), 0);
    heap_free(d->grants.active[index], ACTIVE_BYTES);
    d->grants.frame[index] = NULL;
    d->grants.active[index] = NULL;
}

/* Frames up to `have` become part of the table. */
static void frames_commit(struct domain *d, unsigned have)
{
    mm_lock(&d->mm);
    for (unsigned i = d->grants.nr_frames; i < have; i++)
        page_share(page_of(frame_mfn(d, i)), &d->mm);
    mm_unlock(&d->mm);
    store_barrier(); /* whoever finds the number finds the frames */
    WRITE_ONCE(d->grants.nr_frames, have);
}

int grant_table_grow(struct domain *d, unsigned nr)
{
    struct grant_table *table = &d->grants;
    unsigned have;
    int rc = 0;

    lock_take(&table->lock);
    have = table->nr_frames;
    if (nr > table->frames_max)
        rc = -EINVAL;
    while (!rc && have < nr) { /* nr <= GRANT_FRAMES_MAX */
        rc = frame_prepare(d, have);
        have += !rc;
    }
    if (!rc)
        frames_commit(d, have);
    while (rc && have > table->nr_frames)
        frame_discard(d, --have);
    lock_drop(&table->lock);
    return rc;
}

int grant_table_init(struct domain *d, unsigned frames_max, unsigned maptrack_max)
{
    struct grant_table *table = &d->grants;

    lock_init(&table->lock, LOCK_GRANT);
    table->frames_max = frames_max;
    table->maptrack_max = maptrack_max;
    table->maptrack_free = MAPTRACK_NONE;
    return grant_table_grow(d, 1);
}

/* -EBUSY: a tool of dom0 still has the frame mapped, and nothing has changed. */
static int frame_remove(struct domain *d, unsigned index)
{
    int rc;

    mm_lock(&d->mm);
    rc = page_unshare(page_of(frame_mfn(d, index)));
    mm_unlock(&d->mm);
    if (!rc)
        frame_discard(d, index);
    return rc;
}

int grant_table_destroy(struct domain *d)
{
    struct grant_table *table = &d->grants;

    maptrack_destroy(d);
    while (table->nr_frames > 0) {
        int rc = frame_remove(d, table->nr_frames - 1);

        if (rc)
            return rc;
        table->nr_frames--;
    }
    return 0;
}

mfn_t grant_table_frame(struct domain *d, unsigned index)
{
    mfn_t mfn = MFN_INVALID;

    lock_take(&d->grants.lock);
    if (index < d->grants.nr_frames)
        mfn = frame_mfn(d, index);
    lock_drop(&d->grants.lock);
    return mfn;
}

/* ---- whom a call names ----------------------------------------------------------------------- */

struct domain *grant_peer_get(domid_t id)
{
    struct domain *rd = domain_get(id);

    if (rd && READ_ONCE(rd->is_dying)) {
        domain_put(rd);
        return NULL;
    }
    return rd;
}

/* The domain whose table a call is about: oneself, or another for a control domain. */
static struct domain *target_get(domid_t id, int16_t *status)
{
    struct domain *d = domain_get_target(id), *other;

    *status = GNTST_okay;
    if (d)
        return d;
    other = domain_get(id);
    *status = other ? GNTST_permission_denied : GNTST_bad_domain;
    if (other)
        domain_put(other);
    return NULL;
}

static int status_to_errno(int16_t status)
{
    return status == GNTST_permission_denied ? -EPERM : -ESRCH;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static int16_t frame_list_write(struct domain *d, guest_ptr_t list, unsigned nr)
{
    for (unsigned i = 0; i < nr; i++) { /* nr <= GRANT_FRAMES_MAX */
        uint64_t frame = mfn_x(grant_table_frame(d, i));

        if (copy_to_guest(guest_ptr_at(list, i, sizeof(frame)), &frame, sizeof(frame)))
            return GNTST_bad_virt_addr;
    }
    return GNTST_okay;
}

void grant_setup_table(struct vcpu *v, struct gnttab_setup_table *op)
{
    guest_ptr_t list = guest_ptr(op->frame_list);
    struct domain *d = target_get(op->dom, &op->status);

    (void)v;
    if (!d)
        return;
    if (op->nr_frames > GRANT_FRAMES_MAX)
        op->status = GNTST_general_error;
    else if (!guest_range_ok(list, op->nr_frames, sizeof(uint64_t)))
        op->status = GNTST_bad_virt_addr;
    else if (grant_table_grow(d, op->nr_frames))
        op->status = GNTST_general_error;
    else
        op->status = frame_list_write(d, list, op->nr_frames);
    domain_put(d);
}

void grant_query_size(struct vcpu *v, struct gnttab_query_size *op)
{
    struct domain *d = target_get(op->dom, &op->status);

    (void)v;
    if (!d)
        return;
    op->nr_frames = READ_ONCE(d->grants.nr_frames);
    op->max_nr_frames = d->grants.frames_max;
    domain_put(d);
}

int grant_get_version(struct vcpu *v, struct gnttab_get_version *op)
{
    int16_t status;
    struct domain *d = target_get(op->dom, &status);

    (void)v;
    if (!d)
        return status_to_errno(status);
    op->version = 1;
    domain_put(d);
    return 0;
}

int grant_set_version(struct vcpu *v, struct gnttab_set_version *op)
{
    (void)v;
    switch (op->version) {
    case 1:
        return 0;
    case 2: /* not offered at all; the caller learns what is in force */
        op->version = 1;
        return -ENOSYS;
    default:
        return -EINVAL;
    }
}

/* Status frames belong to version 2. */
void grant_get_status_frames(struct vcpu *v, struct gnttab_get_status_frames *op)
{
    struct domain *d = target_get(op->dom, &op->status);

    (void)v;
    if (!d)
        return;
    op->status = GNTST_general_error;
    domain_put(d);
}

/* Exchange two entries that nobody uses. Lock held. */
static int16_t entries_swap(struct domain *d, grant_ref_t a, grant_ref_t b)
{
    uint64_t guest_shared *ea, *eb;
    uint64_t saved;

    if (a >= grant_count(&d->grants) || b >= grant_count(&d->grants))
        return GNTST_bad_gntref;
    if (a == b)
        return GNTST_okay;
    if (grant_is_pinned(grant_active(d, a)) || grant_is_pinned(grant_active(d, b)))
        return GNTST_eagain;
    ea = (uint64_t guest_shared *)(void guest_shared *)grant_entry(d, a);
    eb = (uint64_t guest_shared *)(void guest_shared *)grant_entry(d, b);
    saved = READ_ONCE(*ea);
    WRITE_ONCE(*ea, READ_ONCE(*eb));
    WRITE_ONCE(*eb, saved);
    return GNTST_okay;
}
static_assert(sizeof(struct grant_entry_v1) == 8, "an entry moves as one word");

int grant_swap_ref(struct vcpu *v, struct gnttab_swap_grant_ref *op)
{
    struct domain *d = v->domain;

    lock_take(&d->grants.lock);
    op->status = entries_swap(d, op->ref_a, op->ref_b);
    lock_drop(&d->grants.lock);
    return 0;
}

/* ---- invariants ------------------------------------------------------------------------------ */

static bool active_is_sound(struct domain *d, const struct grant_active *act)
{
    const struct page *page;

    if (!grant_is_pinned(act))
        return true;
    if (!mfn_valid(_mfn(act->frame)))
        return false;
    page = page_of(_mfn(act->frame));
    /*
     * A granted frame is the granter's, and its counts cover the pins: a host mapping that the
     * mapper overwrote gave its references back and left the pin, so device pins alone are certain.
     */
    if (READ_ONCE(page->owner) != d->mm.slot)
        return act->pins[PIN_DEVICE_READ] == 0 && act->pins[PIN_DEVICE_WRITE] == 0;
    if (page->refs < (unsigned)act->pins[PIN_DEVICE_READ] + act->pins[PIN_DEVICE_WRITE])
        return false;
    /* Nobody writes to a page table through a grant. */
    return !act->pins[PIN_DEVICE_WRITE] || page->type == PT_WRITABLE;
}

bool grant_check(struct domain *d)
{
    const struct grant_table *table = &d->grants;

    if (table->nr_frames > table->frames_max || table->frames_max > GRANT_FRAMES_MAX)
        return false;
    for (grant_ref_t ref = 0; ref < grant_count(table); ref++) {
        if (!active_is_sound(d, grant_active(d, ref)))
            return false;
    }
    return maptrack_check(d);
}
