/* SPDX-License-Identifier: MIT */
/*
 * Changing one entry of a table in use: batched (mmu_update), by virtual address
 * (update_va_mapping) and as a decoded plain write.
 *
 * Each level has one function of the same shape: a change of soft bits only is stored at once; else
 * the new entry takes its references (the only step that can fail), is stored, and the old one's
 * references are dropped. -ERESTART comes only before the store, so a repeat is the same operation.
 *
 * Flushing what the change made stale is the guest's duty; frames are protected by the flush rule
 * (docs/memory.md) whether it does so or not.
 *
 * Budgets in instructions: 170 an entry of a batch, present to present of one account (the host
 * build takes 225); 600 for a trapped write (390).
 */
#include "mm/internal.h"

/* Both present, the same frame, and no right changes: the references held are the same. */
static inline bool is_soft_change(uint64_t old, uint64_t entry)
{
    return (old & PTE_PRESENT) && ((old ^ entry) & ~PTE_SOFT_BITS) == 0;
}

static int l1e_update(struct mm_account *acct, struct mm_account *owner, uint64_t *slot,
                      uint64_t entry, enum pte_update how)
{
    uint64_t old = READ_ONCE(*slot);
    int ret;

    if ((entry & PTE_PRESENT) && is_soft_change(old, (entry | PTE_USER) & ~PTE_GLOBAL)) {
        l1e_write(slot, (entry | PTE_USER) & ~PTE_GLOBAL, how);
        return 0;
    }
    if (unlikely(!l1e_put_room(acct, old)))
        return -ERESTART;
    ret = l1e_get(acct, owner, &entry);
    if (unlikely(ret))
        return ret;
    l1e_write(slot, entry, how);
    l1e_put(acct, old);
    return 0;
}

/*
 * What a table entry named is released as far as possible now; the rest before the next
 * operation.
 */
static void child_released(struct mm_account *acct, uint64_t old, int ret)
{
    if (ret == -ERESTART)
        release_later(page_of(entry_mfn(old)), acct);
}

static int l2e_update(struct mm_account *acct, uint64_t *slot, uint64_t entry, enum pte_update how)
{
    uint64_t old = READ_ONCE(*slot);
    int ret;

    if (is_soft_change(old, entry | PTE_USER)) {
        l2e_write(slot, entry | PTE_USER, how);
        return 0;
    }
    ret = l2e_get(acct, &entry);
    if (ret)
        return ret;
    l2e_write(slot, entry, how);
    child_released(acct, old, l2e_put(acct, old));
    return 0;
}

static int l3e_update(struct mm_account *acct, uint64_t *slot, uint64_t entry, enum pte_update how)
{
    uint64_t old = READ_ONCE(*slot);
    int ret;

    if (is_soft_change(old, entry | PTE_USER)) {
        l3e_write(slot, entry | PTE_USER, how);
        return 0;
    }
    ret = l3e_get(acct, &entry);
    if (ret)
        return ret;
    l3e_write(slot, entry, how);
    child_released(acct, old, l3e_put(acct, old));
    return 0;
}

static int l4e_update(struct mm_account *acct, mfn_t table, uint64_t *slot, uint64_t entry,
                      enum pte_update how)
{
    uint64_t old = READ_ONCE(*slot);
    int ret;

    if (!is_guest_l4_slot((unsigned)(((uintptr_t)slot & ~PAGE_MASK) / sizeof(*slot))))
        return -EINVAL;
    if (is_soft_change(old, entry | PTE_USER)) {
        l4e_write(slot, entry | PTE_USER, how);
        return 0;
    }
    ret = l4e_get(acct, table, &entry);
    if (ret)
        return ret;
    l4e_write(slot, entry, how);
    child_released(acct, old, l4e_put(acct, table, old));
    return 0;
}

static int table_update(struct mm_account *acct, struct page *page, uint64_t *slot, uint64_t entry,
                        enum pte_update how)
{
    ASSERT(!is_releasing(acct) && (page->flags & PAGE_VALIDATED));
    switch (page->type) {
    case PT_L2:
        return l2e_update(acct, slot, entry, how);
    case PT_L3:
        return l3e_update(acct, slot, entry, how);
    default:
        return l4e_update(acct, page_mfn(page), slot, entry, how);
    }
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
}

int pt_batch_update(struct pt_batch *batch, maddr_t where, uint64_t entry, enum pte_update how)
{
    struct mm_account *acct = batch->acct;
    struct page *page = page_owned(acct, maddr_to_mfn(where));
    uint64_t *slot;

    if (unlikely(!page || (where & 7)))
        return -EINVAL;
    slot = machine_map_maddr(where);
    if (unlikely(is_releasing(acct)) && release_continue(acct))
        return -ERESTART;
    if (unlikely(!page->type_refs || !is_table_type(page->type)))
        return word_update(acct, page, slot, entry);
    if (unlikely(page->flags & PAGE_PARTIAL))
        return -ERESTART; /* another vCPU has it checked */
    if (likely(page->type == PT_L1))
        return l1e_update(acct, batch->owner, slot, entry, how);
    return table_update(acct, page, slot, entry, how);
}

void pt_batch_end(struct pt_batch *batch)
{
    mm_unlock_pair(batch->acct, batch->owner);
}

/* The contents of a frame that is a table now, or NULL. */
static uint64_t *table_at(mfn_t mfn)
{
    if (!mfn_valid(mfn) || !is_table_type(READ_ONCE(page_of(mfn)->type)))
        return NULL;
    return machine_map(mfn);
}

/*
 * Without the lock the tables may change while we look; the answer is then stale, and whoever uses
 * it checks again that it lies in an L1 table of the account.
 */
maddr_t pt_l1_slot(maddr_t cr3, gva_t va)
{
    uint64_t entry = (cr3 & PTE_ADDRESS) | PTE_PRESENT;

    if (!is_canonical(va) || !is_guest_l4_slot(va >> 39 & 511))
        return 0;
    for (unsigned shift = 39; shift >= 21; shift -= 9) {
        const uint64_t *table = table_at(entry_mfn(entry));

        if (!table)
            return 0;
        entry = READ_ONCE(table[va >> shift & 511]);
        if (!(entry & PTE_PRESENT))
            return 0;
    }
    return (entry & PTE_ADDRESS) + (va >> 12 & 511) * sizeof(uint64_t);
}

/* The checked L1 table that `where` lies in, or NULL. */
static struct page *l1_page_at(const struct mm_account *acct, maddr_t where)
{
    struct page *page = page_owned(acct, maddr_to_mfn(where));

    if (!page || !page->type_refs || page->type != PT_L1 || !(page->flags & PAGE_VALIDATED))
        return NULL;
    return page;
}

int pt_update_va(struct mm_account *acct, struct mm_account *owner, maddr_t cr3, gva_t va,
                 uint64_t entry)
{
    maddr_t where;
    int ret = -EINVAL;

    mm_lock_pair(acct, owner);
    where = pt_l1_slot(cr3, va);
    if (release_continue(acct))
        ret = -ERESTART;
    else if (where && l1_page_at(acct, where))
        ret = l1e_update(acct, owner, machine_map_maddr(where), entry, PTE_NORMAL);
    mm_unlock_pair(acct, owner);
    return ret;
}

/* `value` put in place of `bytes` bytes of `old` at byte `offset`. */
static uint64_t splice(uint64_t old, uint64_t value, unsigned offset, unsigned bytes)
{
    uint64_t mask = bytes == 8 ? UINT64_MAX : (BIT(bytes * 8) - 1) << offset * 8;

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

    if (!l1e_put_room(acct, old))
        return -ERESTART;
    ret = l1e_get(acct, acct, &entry);
    if (ret)
        return ret;
    *found = old;
    if (l1e_swap(slot, found, entry))
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
    if (!l1_page_at(acct, where))
        return -EINVAL;
    slot = machine_map_maddr(where - offset);
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
