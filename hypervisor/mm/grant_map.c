/* SPDX-License-Identifier: MIT */
/*
 * Entries that map granted frames. The grant code has checked the grant and taken the references;
 * here they become an entry's, or come back from one. What a filled slot held before is put as by
 * any other update, and only a slot that still holds the mapping is cleared, so the guest's other
 * ways to change entries cannot make the two disagree about who holds a reference.
 */
#include "mm/internal.h"

/* The slot at machine address `where` when it lies in an L1 table in use by `acct`; else NULL. */
static uint64_t *grant_slot(const struct mm_account *acct, maddr_t where)
{
    struct page *page = page_owned(acct, maddr_to_mfn(where));

    if (!page || (where & 7) || !page->type_refs || page->type != PT_L1 ||
        !(page->flags & PAGE_VALIDATED))
        return NULL;
    return machine_map_maddr(where);
}

int pt_grant_map(struct mm_account *acct, maddr_t where, uint64_t entry)
{
    uint64_t *slot, old;
    int ret = -EINVAL;

    ASSERT(entry & PTE_PRESENT);
    mm_lock(acct);
    slot = grant_slot(acct, where);
    old = slot ? READ_ONCE(*slot) : 0;
    if (slot && !acct->is_dying && l1e_put_room(acct, old)) {
        l1e_write(slot, (entry | PTE_USER) & ~(PTE_GLOBAL | PTE_CACHE_BITS), PTE_NORMAL);
        l1e_put(acct, old);
        ret = 0;
    }
    mm_unlock(acct);
    return ret;
}

int pt_grant_unmap(struct mm_account *acct, maddr_t where, mfn_t mfn, bool readonly)
{
    uint64_t *slot;
    int ret = -EINVAL;

    mm_lock(acct);
    slot = grant_slot(acct, where);
    if (slot) {
        uint64_t old = READ_ONCE(*slot);

        if ((old & PTE_PRESENT) && mfn_eq(entry_mfn(old), mfn) && !(old & PTE_WRITE) == readonly) {
            l1e_write(slot, 0, PTE_NORMAL);
            ret = 0;
        }
    }
    mm_unlock(acct);
    return ret;
}
