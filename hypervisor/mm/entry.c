/* SPDX-License-Identifier: MIT */
/*
 * One page-table entry: what may be in it at each level, what references it holds, and the only
 * stores into tables.
 *
 * Allowed flags are white lists. Everywhere: present, RW, user, accessed, dirty, the guest's own
 * bits (9..11, 52..62), NX if the processor has it. A present entry always gets the user bit, for a
 * guest's kernel runs in ring 3 too. In L1 the global bit is dropped (guests share the TLB with the
 * hypervisor's entries), and the cache bits (PWT, PCD, PAT) are kept for device memory but dropped
 * for RAM, which everybody maps write-back: so no frame ever has two cacheabilities, and clearing a
 * frame clears what others read. In L2..L4 cache bits, global and page size (bit 7) are refused.
 */
#include "mm/internal.h"

#define PTE_COMMON (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY | PTE_AVAIL)

static struct {
    uint64_t l1_allowed, table_allowed; /* flags and address bits that an entry may have */
} entries;

void entries_init(void)
{
    uint64_t address = PTE_ADDRESS & (BIT(machine_maddr_bits()) - 1);
    uint32_t regs[4];
    uint64_t nx;

    machine_cpuid(0x80000001, 0, regs);
    nx = regs[3] & (1u << 20) ? PTE_NX : 0;
    entries.table_allowed = address | PTE_COMMON | nx;
    entries.l1_allowed = entries.table_allowed | PTE_CACHE_BITS | PTE_GLOBAL;
}

/* Not RAM as far as the frame table knows. */
static bool is_device(mfn_t mfn)
{
    return !mfn_valid(mfn) || page_of(mfn)->owner == OWNER_DEVICE;
}

/* No counts. Interrupt controllers and timers of the hypervisor's own may be looked at only. */
static int device_check(const struct mm_account *acct, uint64_t *entry)
{
    mfn_t mfn = entry_mfn(*entry);

    if (!acct->may_map_device || !acct->may_map_device(acct, mfn))
        return -EPERM;
    if (machine_frame_is_ours(mfn))
        *entry &= ~PTE_WRITE;
    return 0;
}

int l1e_get(struct mm_account *acct, struct mm_account *owner, uint64_t *entry)
{
    uint64_t e = *entry;
    mfn_t mfn = entry_mfn(e);
    struct page *page;

    if (!(e & PTE_PRESENT))
        return 0;
    if (unlikely(e & ~entries.l1_allowed))
        return -EINVAL;
    e = (e | PTE_USER) & ~PTE_GLOBAL;
    if (unlikely(is_device(mfn))) {
        *entry = e;
        return device_check(acct, entry);
    }
    if (unlikely(owner != acct) && (!owner || !acct->is_control))
        return -EPERM;
    page = page_of(mfn);
    if (unlikely(!ref_get(page, owner)))
        return -EINVAL;
    if (e & PTE_WRITE) {
        int ret = writable_get(page, owner);

        if (unlikely(ret)) {
            page_put(page);
            return ret;
        }
    }
    *entry = e & ~PTE_CACHE_BITS;
    return 0;
}

/* In line in the two that follow. */
static inline bool is_own(const struct mm_account *acct, mfn_t mfn)
{
    return mfn_valid(mfn) && page_of(mfn)->owner == acct->slot;
}

bool l1e_put_room(const struct mm_account *acct, uint64_t entry)
{
    mfn_t mfn = entry_mfn(entry);

    if (!(entry & PTE_PRESENT) || is_own(acct, mfn) || is_device(mfn))
        return true;
    return foreign_put_room();
}

void l1e_put(struct mm_account *acct, uint64_t entry)
{
    mfn_t mfn = entry_mfn(entry);
    struct page *page;

    ASSERT(lock_is_held(&acct->lock));
    if (!(entry & PTE_PRESENT))
        return;
    page = page_of(mfn);
    if (unlikely(!is_own(acct, mfn))) {
        if (!is_device(mfn))
            foreign_put(page, entry & PTE_WRITE);
        return;
    }
    if (entry & PTE_WRITE)
        page_put_writable(page, acct);
    else
        page_put(page);
}

/* The frame that a present entry of L2..L4 names, when its flags are allowed; else NULL. */
static struct page *table_entry_page(uint64_t entry)
{
    if ((entry & ~entries.table_allowed) || !mfn_valid(entry_mfn(entry)))
        return NULL;
    return page_of(entry_mfn(entry));
}

int l2e_get(struct mm_account *acct, uint64_t *entry)
{
    struct page *page;
    int ret;

    if (!(*entry & PTE_PRESENT))
        return 0;
    page = table_entry_page(*entry);
    if (!page)
        return -EINVAL;
    ret = l1_table_get(page, acct);
    if (ret == 0)
        *entry |= PTE_USER;
    return ret;
}

int l3e_get(struct mm_account *acct, uint64_t *entry)
{
    struct page *page;
    int ret;

    if (!(*entry & PTE_PRESENT))
        return 0;
    page = table_entry_page(*entry);
    if (!page)
        return -EINVAL;
    ret = l2_table_get(page, acct);
    if (ret == 0)
        *entry |= PTE_USER;
    return ret;
}

int l4e_get(struct mm_account *acct, mfn_t table, uint64_t *entry)
{
    struct page *page;
    int ret;

    if (!(*entry & PTE_PRESENT))
        return 0;
    page = table_entry_page(*entry);
    if (!page)
        return -EINVAL;
    if (mfn_eq(entry_mfn(*entry), table)) /* its own table: to look at, never to write through */
        ret = *entry & PTE_WRITE ? -EINVAL : 0;
    else
        ret = l3_table_get(page, acct);
    if (ret == 0)
        *entry |= PTE_USER;
    return ret;
}

int l2e_put(struct mm_account *acct, uint64_t entry)
{
    return entry & PTE_PRESENT ? l1_table_put(page_of(entry_mfn(entry)), acct) : 0;
}

int l3e_put(struct mm_account *acct, uint64_t entry)
{
    return entry & PTE_PRESENT ? l2_table_put(page_of(entry_mfn(entry)), acct) : 0;
}

int l4e_put(struct mm_account *acct, mfn_t table, uint64_t entry)
{
    if (!(entry & PTE_PRESENT) || mfn_eq(entry_mfn(entry), table))
        return 0;
    return l3_table_put(page_of(entry_mfn(entry)), acct);
}

/* Accessed and dirty are the only bits that the processor sets behind our back. */
static void entry_store(uint64_t *slot, uint64_t entry, enum pte_update how)
{
    uint64_t old = READ_ONCE(*slot);

    if (likely(how != PTE_PRESERVE_AD)) {
        WRITE_ONCE(*slot, entry);
        return;
    }
    while (!atomic_cmpxchg(slot, &old, entry | (old & (PTE_ACCESSED | PTE_DIRTY))))
        ; /* once more for each bit that the processor sets meanwhile: at most twice */
}

void l1e_write(uint64_t *slot, uint64_t entry, enum pte_update how)
{
    entry_store(slot, entry, how);
}

bool l1e_swap(uint64_t *slot, uint64_t *found, uint64_t entry)
{
    return atomic_cmpxchg(slot, found, entry);
}

void l2e_write(uint64_t *slot, uint64_t entry, enum pte_update how)
{
    entry_store(slot, entry, how);
}

void l3e_write(uint64_t *slot, uint64_t entry, enum pte_update how)
{
    entry_store(slot, entry, how);
}

void l4e_write(uint64_t *slot, uint64_t entry, enum pte_update how)
{
    entry_store(slot, entry, how);
}
