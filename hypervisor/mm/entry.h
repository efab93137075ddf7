/* SPDX-License-Identifier: MIT */
/*
 * One page-table entry: what may be in it, what references it holds, and the only stores into
 * tables. The paths of an L1 entry that names a frame of the tables' own account are in line: they
 * are the hottest there are (budgets in update.c). What is rare is in entry.c.
 */
#ifndef LAMINA_MM_ENTRY_H
#define LAMINA_MM_ENTRY_H

#include "mm/internal.h"

#define PTE_PRESENT    BIT(0)
#define PTE_WRITE      BIT(1)
#define PTE_USER       BIT(2)
#define PTE_PWT        BIT(3)
#define PTE_PCD        BIT(4)
#define PTE_ACCESSED   BIT(5)
#define PTE_DIRTY      BIT(6)
#define PTE_PAT        BIT(7) /* in L1; page size in L2..L4 */
#define PTE_GLOBAL     BIT(8)
#define PTE_AVAIL      (UINT64_C(0x7ff0000000000e00)) /* 9..11 and 52..62: the guest's own */
#define PTE_NX         BIT(63)
#define PTE_ADDRESS    UINT64_C(0x000ffffffffff000)
#define PTE_CACHE_BITS (PTE_PWT | PTE_PCD | PTE_PAT)
/* A change of these alone changes no right. */
#define PTE_SOFT_BITS  (PTE_ACCESSED | PTE_DIRTY | PTE_AVAIL)

static inline mfn_t entry_mfn(uint64_t entry)
{
    return _mfn((entry & PTE_ADDRESS) >> PAGE_SHIFT);
}
/* L4 slots 256..271 are the hypervisor's. */
static inline bool is_guest_l4_slot(uint64_t slot)
{
    return slot < 256 || slot >= 272;
}
/* Both present, the same frame, and no right changes: the references held are the same. */
static inline bool is_soft_change(uint64_t old, uint64_t entry)
{
    return (old & PTE_PRESENT) && ((old ^ entry) & ~PTE_SOFT_BITS) == 0;
}

/* ---- stores: what must see every change of a table hooks here ------------------------------ */

/* Accessed and dirty are the only bits that the processor sets behind our back. */
static inline void entry_write(uint64_t *slot, uint64_t entry, enum pte_update how)
{
    uint64_t old;

    if (likely(how != PTE_PRESERVE_AD)) {
        WRITE_ONCE(*slot, entry);
        return;
    }
    old = READ_ONCE(*slot);
    while (!atomic_cmpxchg(slot, &old, entry | (old & (PTE_ACCESSED | PTE_DIRTY))))
        ; /* once more for each bit that the processor sets meanwhile: at most twice */
}
/* If the slot holds *found; else *found gets what it does hold. */
static inline bool entry_swap(uint64_t *slot, uint64_t *found, uint64_t entry)
{
    return atomic_cmpxchg(slot, found, entry);
}

/* ---- L1 ------------------------------------------------------------------------------------ */

/* Flags and address bits that an entry may have; set once by entries_init(). */
struct entry_bits {
    uint64_t l1, table;
};
extern struct entry_bits entry_allowed;

/* As a present entry is installed: a guest's kernel runs in ring 3 too, and nothing is global. */
static inline uint64_t l1e_normal(uint64_t entry)
{
    return (entry | PTE_USER) & ~PTE_GLOBAL;
}
static inline bool is_own(const struct mm_account *acct, mfn_t mfn)
{
    return mfn_valid(mfn) && READ_ONCE(page_of(mfn)->owner) == acct->slot;
}

/* The two that follow, for device memory and frames that are not the account's own. */
int l1e_get_other(struct mm_account *acct, struct mm_account *owner, uint64_t *entry) must_check;
void l1e_put_other(uint64_t entry);

/*
 * Check an entry and take the references that it will hold; adjusts it to what may be installed.
 * An entry that is not present is fine and holds nothing. -EINVAL, -EPERM, -EBUSY.
 */
static inline __attribute__((always_inline)) int
l1e_get(struct mm_account *acct, struct mm_account *owner, uint64_t *entry)
{
    uint64_t e = *entry;
    struct page *page;
    int ret;

    if (!(e & PTE_PRESENT))
        return 0;
    if (unlikely(e & ~entry_allowed.l1))
        return -EINVAL;
    e = l1e_normal(e);
    if (unlikely(owner != acct || !is_own(acct, entry_mfn(e)))) {
        ret = l1e_get_other(acct, owner, &e);
        *entry = e;
        return ret;
    }
    *entry = e & ~PTE_CACHE_BITS;
    page = page_of(entry_mfn(e));
    if (unlikely(!ref_get(page, acct)))
        return -EINVAL;
    ret = e & PTE_WRITE ? writable_get(page, acct) : 0;
    if (unlikely(ret))
        ref_put(page);
    return ret;
}

/* Drop what an entry held that names the account's own `page`, as far as it is present. */
static inline void l1e_put_own(struct mm_account *acct, struct page *page, uint64_t entry)
{
    ASSERT(lock_is_held(&acct->lock));
    if (!(entry & PTE_PRESENT))
        return;
    if (entry & PTE_WRITE)
        writable_put(page, acct);
    ref_put(page);
}
/* The same of any entry; foreign_put_room() must be known. */
static inline void l1e_put(struct mm_account *acct, uint64_t entry)
{
    if (likely(is_own(acct, entry_mfn(entry))))
        l1e_put_own(acct, page_of(entry_mfn(entry)), entry);
    else
        l1e_put_other(entry);
}

/* ---- L2..L4: the references are the table below's; see page_type.c ------------------------- */

/* May it be in `table`? Adjusts it. */
int table_entry_check(const struct page *table, uint64_t *entry) must_check;
/* The table that an entry of `table` holds a reference on: NULL when it holds none. */
struct page *table_entry_child(const struct page *table, uint64_t entry);

#endif
