/* SPDX-License-Identifier: MIT */
/*
 * The rules for one page-table entry, and the L1 entries that are not of the common kind.
 *
 * Allowed flags are white lists. Everywhere: present, RW, user, accessed, dirty, the guest's own
 * bits (9..11, 52..62), NX if the processor has it. A present entry always gets the user bit, for a
 * guest's kernel runs in ring 3 too. In L1 the global bit is dropped (guests share the TLB with the
 * hypervisor's entries), and the cache bits (PWT, PCD, PAT) are kept for device memory but dropped
 * for RAM, which everybody maps write-back: so no frame ever has two cacheabilities, and clearing a
 * frame clears what others read. In L2..L4 cache bits, global and page size (bit 7) are refused.
 */
#include "mm/entry.h"

#define PTE_COMMON (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY | PTE_AVAIL)

struct entry_bits entry_allowed;

void entries_init(void)
{
    uint64_t address = PTE_ADDRESS & (BIT(machine_maddr_bits()) - 1);
    uint32_t regs[4];
    uint64_t nx;

    machine_cpuid(0x80000001, 0, regs);
    nx = regs[3] & (1u << 20) ? PTE_NX : 0;
    entry_allowed.table = address | PTE_COMMON | nx;
    entry_allowed.l1 = entry_allowed.table | PTE_CACHE_BITS | PTE_GLOBAL;
}

/* Not RAM as far as the frame table knows. */
static bool is_device(mfn_t mfn)
{
    return !mfn_valid(mfn) || READ_ONCE(page_of(mfn)->owner) == OWNER_DEVICE;
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

int l1e_get_other(struct mm_account *acct, struct mm_account *owner, uint64_t *entry)
{
    mfn_t mfn = entry_mfn(*entry);
    struct page *page;
    int ret;

    if (is_device(mfn))
        return device_check(acct, entry);
    if (owner != acct && (!owner || !acct->is_control))
        return -EPERM;
    page = page_of(mfn);
    if (READ_ONCE(page->owner) != owner->slot || !ref_get(page, owner))
        return -EINVAL;
    ret = *entry & PTE_WRITE ? writable_get(page, owner) : 0;
    if (ret)
        ref_put(page);
    *entry &= ~PTE_CACHE_BITS;
    return ret;
}

void l1e_put_other(uint64_t entry)
{
    if ((entry & PTE_PRESENT) && !is_device(entry_mfn(entry)))
        foreign_put(page_of(entry_mfn(entry)), entry & PTE_WRITE);
}

int table_entry_check(const struct page *table, uint64_t *entry)
{
    uint64_t e = *entry;

    if (!(e & PTE_PRESENT))
        return 0;
    if ((e & ~entry_allowed.table) || !mfn_valid(entry_mfn(e)))
        return -EINVAL;
    /* An L4 in itself: to look at, never to write through. */
    if (page_of(entry_mfn(e)) == table && (table->type != PT_L4 || (e & PTE_WRITE)))
        return -EINVAL;
    *entry = e | PTE_USER;
    return 0;
}

struct page *table_entry_child(const struct page *table, uint64_t entry)
{
    struct page *child = page_of(entry_mfn(entry));

    return (entry & PTE_PRESENT) && child != table ? child : NULL;
}
