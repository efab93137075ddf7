/* SPDX-License-Identifier: MIT */
/*
 * Pins: the one way in which a grant comes into use and goes out of it, for mapping and copying.
 *
 * The grant entry lies in memory that its domain writes at will. It is believed once, by the first
 * pin: one compare-and-swap checks type and grantee and sets the "in use" bits that keep an honest
 * domain from withdrawing it; only then is the frame number read, also once, and kept in the active
 * entry. Later pins go by the active entry: whatever the guest writes meanwhile changes nothing but
 * its own view. The bits are cleared when the last pin, or the last writing pin, goes, and after
 * the references of that pin were dropped.
 */
#include "core/grant_table.h"
#include "lib/bits.h"
#include "sys/log.h"

#define STATUS_TRIES 5 /* a guest that keeps changing the entry loses patience with us first */

struct grant_entry_v1 guest_shared *grant_entry(const struct domain *d, grant_ref_t ref)
{
    return &d->grants.frame[ref / GRANTS_PER_FRAME][ref % GRANTS_PER_FRAME];
}

struct grant_active *grant_active(const struct domain *d, grant_ref_t ref)
{
    return &d->grants.active[ref / GRANTS_PER_FRAME][ref % GRANTS_PER_FRAME];
}

static bool is_written(const struct grant_active *act)
{
    return act->pins[PIN_HOST_WRITE] || act->pins[PIN_DEVICE_WRITE];
}

/* ---- references on the frame ----------------------------------------------------------------- */

/* Account lock held. */
static int16_t reference_get(struct domain *rd, struct page *page, bool write)
{
    if (!page_get(page, &rd->mm))
        return GNTST_bad_page;
    if (write && page_get_type(page, PT_WRITABLE, &rd->mm)) {
        page_put(page);
        return GNTST_general_error;
    }
    return GNTST_okay;
}

static void reference_put(struct page *page, bool write)
{
    if (write) {
        int rc = page_put_type(page);

        BUG_ON(rc); /* a writable frame has nothing to release in steps */
    }
    page_put(page);
}

static void references_put(struct page *page, unsigned kinds)
{
    for (unsigned kind = 0; kind < GRANT_PINS; kind++) {
        if (kinds & PIN_BIT(kind))
            reference_put(page, PIN_BIT(kind) & PINS_WRITE);
    }
}

int16_t grant_frame_get(struct domain *rd, mfn_t mfn, unsigned kinds)
{
    int16_t status = GNTST_okay;
    unsigned taken = 0;

    if (!mfn_valid(mfn))
        return GNTST_bad_page;
    mm_lock(&rd->mm);
    for (unsigned kind = 0; kind < GRANT_PINS && status == GNTST_okay; kind++) {
        if (!(kinds & PIN_BIT(kind)))
            continue;
        status = reference_get(rd, page_of(mfn), PIN_BIT(kind) & PINS_WRITE);
        if (status == GNTST_okay)
            taken |= PIN_BIT(kind);
    }
    if (status != GNTST_okay)
        references_put(page_of(mfn), taken);
    mm_unlock(&rd->mm);
    return status;
}

/*
 * The frame need not be the granter's any more: a mapper that overwrote its entry gave the
 * references up, the frame went its way, and an entry that the mapper made for it since then
 * answers to the old handle. What is put is a reference that we hold, and that keeps the owner what
 * it is.
 */
void grant_frame_put(mfn_t mfn, unsigned kinds)
{
    struct mm_account *owner;

    if (!kinds)
        return;
    owner = mm_account_of_slot(READ_ONCE(page_of(mfn)->owner));
    BUG_ON(!owner);
    mm_lock(owner);
    references_put(page_of(mfn), kinds);
    mm_unlock(owner);
}

/* ---- the "in use" bits of the shared entry --------------------------------------------------- */

/*
 * flags and domid change together as one word, so that no mixture of two grants is ever accepted.
 * `first`: nobody uses the grant yet, so type and grantee count.
 */
static int16_t in_use_set(struct grant_entry_v1 guest_shared *entry, domid_t user, bool first,
                          bool write, bool mapping)
{
    uint32_t guest_shared *word = (uint32_t guest_shared *)(void guest_shared *)entry;
    uint32_t type_mask = mapping ? GTF_type_mask | GTF_sub_page : GTF_type_mask;
    uint32_t seen = READ_ONCE(*word);

    for (unsigned i = 0; i < STATUS_TRIES; i++) {
        uint32_t bits = write ? GTF_reading | GTF_writing : GTF_reading;

        if (first && ((seen & type_mask) != GTF_permit_access || seen >> 16 != user))
            return GNTST_general_error;
        if (write && (seen & GTF_readonly))
            return GNTST_general_error;
        if (atomic_cmpxchg(word, &seen, seen | bits))
            return GNTST_okay;
    }
    return GNTST_general_error;
}
static_assert(offsetof(struct grant_entry_v1, domid) == 2, "flags and domid make one word");

/* After a change of pins of these kinds: clear the bits that no pin needs any more. */
static void in_use_update(struct grant_entry_v1 guest_shared *entry,
                          const struct grant_active *act, unsigned kinds)
{
    if ((kinds & PINS_WRITE) && !is_written(act))
        atomic_and(&entry->flags, (uint16_t)~GTF_writing);
    if (!grant_is_pinned(act))
        atomic_and(&entry->flags, (uint16_t)~GTF_reading);
}

/* ---- pins ------------------------------------------------------------------------------------ */

/* What the active entry allows, whatever the guest's entry says. */
static int16_t active_check(const struct grant_active *act, domid_t user, unsigned kinds)
{
    if (grant_is_pinned(act) && act->domid != user)
        return GNTST_general_error;
    for (unsigned kind = 0; kind < GRANT_PINS; kind++) {
        if ((kinds & PIN_BIT(kind)) && act->pins[kind] == UINT16_MAX)
            return GNTST_no_space;
    }
    return GNTST_okay;
}

static int16_t pin_get_locked(struct domain *rd, grant_ref_t ref, domid_t user, unsigned kinds,
                              bool mapping, mfn_t *mfn)
{
    struct grant_active *act = grant_active(rd, ref);
    struct grant_entry_v1 guest_shared *entry = grant_entry(rd, ref);
    bool first = !grant_is_pinned(act), write = kinds & PINS_WRITE;
    int16_t status = active_check(act, user, kinds);
    uint32_t frame;

    if (status == GNTST_okay && (first || (write && !is_written(act))))
        status = in_use_set(entry, user, first, write, mapping);
    if (status != GNTST_okay)
        return status;
    frame = first ? READ_ONCE(entry->frame) : act->frame;
    status = grant_frame_get(rd, _mfn(frame), kinds);
    if (status != GNTST_okay) {
        in_use_update(entry, act, kinds);
        return status;
    }
    act->frame = frame;
    act->domid = user;
    for (unsigned kind = 0; kind < GRANT_PINS; kind++) {
        if (kinds & PIN_BIT(kind))
            act->pins[kind]++;
    }
    *mfn = _mfn(frame);
    return GNTST_okay;
}

int16_t grant_pin_get(struct domain *rd, grant_ref_t ref, domid_t user, unsigned kinds,
                      bool mapping, mfn_t *mfn)
{
    int16_t status = GNTST_bad_gntref;

    lock_take(&rd->grants.lock);
    if (ref < grant_count(&rd->grants))
        status = pin_get_locked(rd, ref, user, kinds, mapping, mfn);
    lock_drop(&rd->grants.lock);
    return status;
}

void grant_pin_put(struct domain *rd, grant_ref_t ref, unsigned kinds, unsigned refs)
{
    struct grant_active *act = grant_active(rd, ref);

    lock_take(&rd->grants.lock);
    for (unsigned kind = 0; kind < GRANT_PINS; kind++) {
        if (!(kinds & PIN_BIT(kind)))
            continue;
        BUG_ON(act->pins[kind] == 0);
        act->pins[kind]--;
    }
    grant_frame_put(_mfn(act->frame), refs);
    in_use_update(grant_entry(rd, ref), act, kinds);
    lock_drop(&rd->grants.lock);
}

mfn_t grant_pinned_frame(struct domain *rd, grant_ref_t ref)
{
    mfn_t mfn;

    lock_take(&rd->grants.lock);
    mfn = _mfn(grant_active(rd, ref)->frame);
    lock_drop(&rd->grants.lock);
    return mfn;
}
