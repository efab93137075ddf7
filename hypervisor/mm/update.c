/* SPDX-License-Identifier: MIT */
/*
 * Changing one entry of a table in use: batched (mmu_update), by virtual address
 * (update_va_mapping) and as a decoded plain write.
 *
 * All have the same shape: a change of soft bits only is stored at once; else the new entry takes
 * its references (the only step that can fail), is stored, and the old one's references are
 * dropped. -ERESTART comes only before the store, so a repeat is the same operation.
 *
 * Flushing what the change made stale is the guest's duty; frames are protected by the flush rule
 * (docs/memory.md) whether it does so or not.
 *
 * Budgets in instructions: an entry of a batch 170 with the hypercall and its loop; of these, here,
 * 60 for soft bits, 80 for one that appears or goes, 120 for one that replaces another (measured:
 * 102, 124 and 162 in all). A trapped write 600 with fault and decoding, of these 270 here.
 */
#include "mm/entry.h"

/* In line in each of its callers. */
static inline __attribute__((always_inline)) int
l1e_update(struct mm_account *acct, struct mm_account *owner, uint64_t *slot, uint64_t entry,
           enum pte_update how)
{
    uint64_t old = READ_ONCE(*slot);
    struct page *held = page_of(entry_mfn(old)); /* a frame of ours, unless old_is_other */
    bool old_is_other;
    int ret;

    if ((entry & PTE_PRESENT) && is_soft_change(old, l1e_normal(entry))) {
        entry_write(slot, l1e_normal(entry), how);
        return 0;
    }
    old_is_other = (old & PTE_PRESENT) && !is_own(acct, entry_mfn(old));
    if (unlikely(old_is_other && !foreign_put_room()))
        return -ERESTART;
    ret = l1e_get(acct, owner, &entry);
    if (unlikely(ret))
        return ret;
    entry_write(slot, entry, how);
    if (unlikely(old_is_other))
        l1e_put_other(old);
    else
        l1e_put_own(acct, held, old);
    return 0;
}

/* An entry of L2..L4. What the old one named is released as far as time allows, the rest later. */
static int table_update(struct mm_account *acct, const struct page *page, uint64_t *slot,
                        uint64_t entry, enum pte_update how)
{
    uint64_t old = READ_ONCE(*slot);
    struct page *child;
    int ret;

    ASSERT(!is_releasing(acct) && (page->flags & PAGE_VALIDATED));
    if (page->type == PT_L4 && !is_guest_l4_slot((uintptr_t)slot / sizeof(*slot) % TABLE_ENTRIES))
        return -EINVAL;
    if (is_soft_change(old, entry | PTE_USER)) {
        entry_write(slot, entry | PTE_USER, how);
        return 0;
    }
    ret = table_entry_check(page, &entry);
    if (ret)
        return ret;
    child = table_entry_child(page, entry);
    ret = child ? table_get(child, page->type - 1u, acct) : 0;
    if (ret)
        return ret;
    entry_write(slot, entry, how);
    child = table_entry_child(page, old);
    if (child) {
        table_put(child, acct);
        (void)!release_continue(acct);
    }
    return 0;
}

/* A frame that is no table (any more): a plain word, written while nothing can make it one. */
static int word_update(struct mm_account *acct, struct page *page, uint64_t *slot, uint64_t entry)
{
    int ret = page_get_and_type(page, PT_WRITABLE, acct);

    if (ret)
        return ret;
    WRITE_ONCE(*slot, entry);
    return page_put_and_type(page);
}

void pt_batch_begin(struct pt_batch *batch, struct mm_account *acct, struct mm_account *owner)
{
    batch->acct = acct;
    batch->owner = owner;
    mm_lock_pair(acct, owner);
    /* A frame of the owner's that is to be mapped may be a table on its way out. */
    if (owner && owner != acct)
        (void)!release_continue(owner);
}

/* The less frequent targets of a batch: tables of L2..L4, and plain words. */
static int other_update(struct mm_account *acct, struct page *page, uint64_t *slot, uint64_t entry,
                        enum pte_update how)
{
    if (!page->type_refs || !is_table_type(page->type))
        return word_update(acct, page, slot, entry);
    if (page->flags & PAGE_PARTIAL)
        return -ERESTART; /* another vCPU has it checked */
    return table_update(acct, page, slot, entry, how);
}

int pt_batch_update(struct pt_batch *batch, maddr_t where, uint64_t entry, enum pte_update how)
{
    struct mm_account *acct = batch->acct;
    struct page *page;
    uint64_t *slot;

    /* First, as it may free frames: whose a frame is counts from here on. */
    if (unlikely(release_continue(acct)))
        return -ERESTART;
    page = page_owned(acct, maddr_to_mfn(where));
    if (unlikely(!page || (where & 7)))
        return -EINVAL;
    slot = machine_map_maddr(where);
    if (unlikely(page->type != PT_L1 || !(page->flags & PAGE_VALIDATED)))
        return other_update(acct, page, slot, entry, how);
    return l1e_update(acct, batch->owner, slot, entry, how);
}

void pt_batch_end(struct pt_batch *batch)
{
    mm_unlock_pair(batch->acct, batch->owner);
}

/* An entry of the table that `above` names. Only checked tables are looked at: they are RAM. */
static inline uint64_t table_look(uint64_t above, uint64_t index)
{
    mfn_t mfn = entry_mfn(above);

    if (unlikely(!mfn_valid(mfn) || !(READ_ONCE(page_of(mfn)->flags) & PAGE_VALIDATED)))
        return 0;
    return READ_ONCE(((uint64_t *)machine_map(mfn))[index & 511]);
}

/*
 * Without the lock the tables may change while we look; the answer is then stale, and whoever uses
 * it checks again that it lies in an L1 table of the account.
 */
maddr_t pt_l1_slot(maddr_t cr3, gva_t va)
{
    uint64_t entry;

    if (!is_canonical(va) || !is_guest_l4_slot(va >> 39 & 511))
        return 0;
    entry = table_look(cr3, va >> 39);
    if (entry & PTE_PRESENT)
        entry = table_look(entry, va >> 30);
    if (entry & PTE_PRESENT)
        entry = table_look(entry, va >> 21);
    if (!(entry & PTE_PRESENT))
        return 0;
    return (entry & PTE_ADDRESS) + (va >> 12 & 511) * sizeof(uint64_t);
}

/* The slot at machine address `where` when it lies in a checked L1 table of acct, else NULL. */
static uint64_t *l1_slot_at(const struct mm_account *acct, maddr_t where)
{
    const struct page *page = page_owned(acct, maddr_to_mfn(where));

    if (!page || page->type != PT_L1 || !(page->flags & PAGE_VALIDATED))
        return NULL;
    return machine_map_maddr(where & ~UINT64_C(7));
}

int pt_update_va(struct mm_account *acct, struct mm_account *owner, maddr_t cr3, gva_t va,
                 uint64_t entry)
{
    struct pt_batch batch;
    uint64_t *slot;
    int ret = -EINVAL;

    pt_batch_begin(&batch, acct, owner);
    if (release_continue(acct))
        ret = -ERESTART;
    slot = ret == -ERESTART ? NULL : l1_slot_at(acct, pt_l1_slot(cr3, va));
    if (slot)
        ret = l1e_update(acct, owner, slot, entry, PTE_NORMAL);
    pt_batch_end(&batch);
    return ret;
}

/* `value` put in place of `bytes` bytes of `old` at byte `offset`. */
static uint64_t splice(uint64_t old, uint64_t value, unsigned offset, unsigned bytes)
{
    uint64_t mask;

    if (likely(bytes == 8))
        return value;
    mask = (BIT(bytes * 8) - 1) << offset * 8;
    return (old & ~mask) | (value << offset * 8 & mask);
}

/* Does the slot hold *expect where the write goes? *expect gets what it holds. */
static bool expectation_met(uint64_t old, uint64_t *expect, unsigned offset, unsigned bytes)
{
    bool met = splice(old, *expect, offset, bytes) == old;

    *expect = old >> offset * 8;
    if (bytes < 8)
        *expect &= BIT(bytes * 8) - 1;
    return met;
}

/*
 * Compare-exchange: as one of the processor's, it fails when accessed or dirty changes meanwhile.
 */
static int l1e_exchange(struct mm_account *acct, uint64_t *slot, uint64_t old, uint64_t entry,
                        uint64_t *found)
{
    int ret;

    if (!foreign_put_room())
        return -ERESTART;
    ret = l1e_get(acct, acct, &entry);
    if (ret)
        return ret;
    *found = old;
    if (entry_swap(slot, found, entry))
        l1e_put(acct, old);
    else
        l1e_put(acct, entry);
    return 0;
}

static int l1e_emulate(struct mm_account *acct, maddr_t where, uint64_t value, unsigned bytes,
                       uint64_t *expect)
{
    unsigned offset = where & 7;
    uint64_t *slot, old, entry, found = 0;
    int ret;

    if (release_continue(acct))
        return -ERESTART;
    slot = l1_slot_at(acct, where);
    if (!slot)
        return -EINVAL;
    /* Again when accessed or dirty was set meanwhile; what matters of that, *expect then tells. */
    do {
        old = READ_ONCE(*slot);
        entry = splice(old, value, offset, bytes);
        if (!expect)
            return l1e_update(acct, acct, slot, entry, PTE_NORMAL);
        if (!expectation_met(old, expect, offset, bytes))
            return 0;
        ret = l1e_exchange(acct, slot, old, entry, &found);
    } while (ret == 0 && found != old);
    return ret;
}

int pt_emulated_write(struct mm_account *acct, maddr_t where, uint64_t value, unsigned bytes,
                      uint64_t *expect)
{
    int ret;

    if ((bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) || where % bytes)
        return -EINVAL;
    mm_lock(acct);
    ret = l1e_emulate(acct, where, value, bytes, expect);
    mm_unlock(acct);
    return ret;
}

/* ---- grants -------------------------------------------------------------------------------- */

/*
 * The grant code has checked the grant and taken the references; here they become an entry's, or
 * come back from one. What a filled slot held before is put as by any other update, and only a slot
 * that still holds the mapping is cleared, so the guest's other ways to change entries cannot make
 * the two disagree about who holds a reference.
 */
int pt_grant_map(struct mm_account *acct, maddr_t where, uint64_t entry)
{
    uint64_t *slot, old;
    int ret = -EINVAL;

    ASSERT(entry & PTE_PRESENT);
    mm_lock(acct);
    slot = l1_slot_at(acct, where);
    if (slot && !(where & 7) && !acct->is_dying) {
        old = READ_ONCE(*slot);
        entry_write(slot, l1e_normal(entry) & ~PTE_CACHE_BITS, PTE_NORMAL);
        l1e_put(acct, old); /* there is room for it: nothing else was put under this lock */
        ret = 0;
    }
    mm_unlock(acct);
    return ret;
}

int pt_grant_unmap(struct mm_account *acct, maddr_t where, mfn_t mfn, bool readonly)
{
    uint64_t *slot, old;
    int ret = -EINVAL;

    mm_lock(acct);
    slot = l1_slot_at(acct, where);
    old = slot && !(where & 7) ? READ_ONCE(*slot) : 0;
    if ((old & PTE_PRESENT) && mfn_eq(entry_mfn(old), mfn) && !(old & PTE_WRITE) == readonly) {
        entry_write(slot, 0, PTE_NORMAL);
        ret = 0;
    }
    mm_unlock(acct);
    return ret;
}
