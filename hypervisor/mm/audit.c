/* SPDX-License-Identifier: MIT */
/*
 * The invariants of frames and tables, and the recount: every reference that tables, pins,
 * allocations and unfinished checks hold is taken off the counts, what is left is compared with
 * what else there is (roots, grants, descriptor pages: page_audit_others), and everything is put
 * back. Subtraction in place needs no memory, and unsigned counts come back to what they were
 * whatever is found.
 */
#include "mm/entry.h"

void (*page_audit_others)(void (*count)(mfn_t mfn, bool typed));

static struct {
    uint32_t delta; /* -1 while taking off, 1 while putting back */
    bool live;      /* others work meanwhile */
} audit;

static void count(mfn_t mfn, bool typed)
{
    struct page *page = page_of(mfn);

    page->refs += audit.delta;
    if (typed)
        page->type_refs += audit.delta;
}

static void count_entry(const struct page *table, uint64_t entry)
{
    mfn_t mfn = entry_mfn(entry);

    if (!(entry & PTE_PRESENT) || !mfn_valid(mfn) || READ_ONCE(page_of(mfn)->owner) == OWNER_DEVICE)
        return;
    if (table->type == PT_L4 && mfn_eq(mfn, page_mfn(table)))
        return;
    count(mfn, table->type != PT_L1 || (entry & PTE_WRITE));
}

/* Entries of a table that hold references: all, or those below `progress`. */
static void count_table(const struct page *page)
{
    const uint64_t *table = machine_map(page_mfn(page));
    unsigned nr = page->flags & PAGE_PARTIAL ? page->progress : TABLE_ENTRIES;

    for (unsigned i = 0; i < nr; i++) {
        if (page->type != PT_L4 || is_guest_l4_slot(i))
            count_entry(page, READ_ONCE(table[i]));
    }
}

static bool is_table_in_use(const struct page *page)
{
    return is_table_type(page->type) && (page->flags & (PAGE_VALIDATED | PAGE_PARTIAL));
}

static void count_all(uint32_t delta)
{
    audit.delta = delta;
    for (uint64_t i = 0; i < frames_end; i++) {
        struct page *page = &frame_table[i];

        if (!mm_account_of_slot(READ_ONCE(page->owner)))
            continue;
        if (page->flags & (PAGE_ALLOCATED | PAGE_LEAVING))
            count(_mfn(i), false);
        if (page->flags & PAGE_SHARED)
            count(_mfn(i), true);
        if (page->flags & PAGE_PINNED)
            count(_mfn(i), true);
        if (page->flags & PAGE_PARTIAL)
            count(_mfn(i), true);
        if (is_table_in_use(page))
            count_table(page);
    }
    if (page_audit_others && !audit.live)
        page_audit_others(count);
}

/* What is left of the counts when all known holders are taken off. */
static bool remainder_ok(const struct page *page)
{
    if (page_audit_others && !audit.live)
        return page->refs == 0 && page->type_refs == 0;
    return page->refs <= INT32_MAX && page->type_refs <= page->refs;
}

/* ---- invariants: a clause and a sentence each ------------------------------------------------ */

bool page_check(const struct page *page)
{
    bool is_table = is_table_type(page->type) && page->type_refs;

    /* A frame with an owner is in use, and each type reference is one of the references. */
    if (page->refs == 0 || page->type_refs > page->refs || (page->flags & PAGE_FREE))
        return false;
    /* Half-done work on a table holds the only type reference and knows where it stopped. */
    if ((page->flags & PAGE_PARTIAL) &&
        (page->type_refs != 1 || page->progress > TABLE_ENTRIES || !is_table))
        return false;
    /* Release is half-done work, too. */
    if ((page->flags & PAGE_RELEASING) && !(page->flags & PAGE_PARTIAL))
        return false;
    /* A frame in use as a table is checked or being checked, never both; no other frame is. */
    if (is_table != !!(page->flags & (PAGE_VALIDATED | PAGE_PARTIAL)) ||
        (page->flags & (PAGE_VALIDATED | PAGE_PARTIAL)) == (PAGE_VALIDATED | PAGE_PARTIAL))
        return false;
    /* Only checked tables are pinned. */
    if ((page->flags & PAGE_PINNED) && !(page->flags & PAGE_VALIDATED))
        return false;
    /* The owner's own reference is one. */
    if ((page->flags & PAGE_LEAVING) && (page->flags & (PAGE_ALLOCATED | PAGE_SHARED)))
        return false;
    /* What the hypervisor shows a guest is writable data for good, and not the guest's to free. */
    return !(page->flags & PAGE_SHARED) ||
           (page->type == PT_WRITABLE && page->type_refs && !(page->flags & PAGE_ALLOCATED));
}

/* An entry that holds references. */
static bool entry_check(const struct page *table, uint64_t entry)
{
    mfn_t mfn = entry_mfn(entry);
    const struct page *page = page_of(mfn);

    if (!(entry & PTE_PRESENT))
        return true;
    /* No bit that the processor or we reserve, and never without the user bit. */
    if ((entry & ~(table->type == PT_L1 ? entry_allowed.l1 | PTE_USER : entry_allowed.table)) ||
        !(entry & PTE_USER))
        return false;
    if (table->type == PT_L1)
        /* RAM is writable through an entry only as writable data, and somebody's. */
        return !mfn_valid(mfn) || READ_ONCE(page->owner) == OWNER_DEVICE ||
               (page->refs > 0 && page->owner < DOMAINS_MAX &&
                (!(entry & PTE_WRITE) || (page->type == PT_WRITABLE && page->type_refs > 0)));
    if (!mfn_valid(mfn))
        return false;
    /* An L4 may show itself, never writable. */
    if (table->type == PT_L4 && page == table)
        return !(entry & PTE_WRITE);
    /* A table names checked tables of the next level and of its own account. */
    return READ_ONCE(page->owner) == table->owner && page->type == table->type - 1 &&
           page->type_refs > 0 && (page->flags & PAGE_VALIDATED);
}

bool pt_check(const struct page *page)
{
    const uint64_t *table = machine_map(page_mfn(page));
    unsigned nr = page->flags & PAGE_PARTIAL ? page->progress : TABLE_ENTRIES;

    if (!is_table_in_use(page))
        return true;
    for (unsigned i = 0; i < nr; i++)
        if ((page->type != PT_L4 || is_guest_l4_slot(i)) && !entry_check(page, table[i]))
            return false;
    return true;
}

static bool frames_check(bool (*check)(const struct page *page))
{
    bool ok = true;

    for (uint64_t i = 0; i < frames_end; i++) {
        const struct page *page = &frame_table[i];

        if (!mm_account_of_slot(READ_ONCE(page->owner)) || check(page))
            continue;
        log_error("audit: frame %lx: refs %u types %u owner %u type %u flags %x", i, page->refs,
                  page->type_refs, page->owner, page->type, page->flags);
        ok = false;
    }
    return ok;
}

static bool account_frames_match(const struct mm_account *acct)
{
    uint64_t nr = 0;

    for (uint64_t i = 0; i < frames_end; i++)
        nr += READ_ONCE(frame_table[i].owner) == acct->slot &&
              !(READ_ONCE(frame_table[i].flags) & PAGE_SHARED);
    /* An allocation books its frames first, and then looks for them. */
    if (nr == acct->nr_frames || (audit.live && nr < acct->nr_frames))
        return true;
    log_error("audit: account %u: %lu frames counted, %lu found", acct->slot, acct->nr_frames, nr);
    return false;
}

/* All accounts' locks, lowest slot first. */
static void accounts_lock(void)
{
    bool first = true;

    for (uint16_t slot = 0; slot < DOMAINS_MAX; slot++) {
        struct mm_account *acct = mm_account_of_slot(slot);

        if (acct && first)
            lock_take(&acct->lock);
        else if (acct)
            lock_take_second(&acct->lock);
        first = first && !acct;
    }
}

static bool accounts_unlock(void)
{
    bool ok = true;

    for (uint16_t slot = DOMAINS_MAX; slot-- > 0;) {
        struct mm_account *acct = mm_account_of_slot(slot);

        if (!acct)
            continue;
        ok = account_frames_match(acct) && ok;
        lock_drop(&acct->lock);
    }
    return ok;
}

static bool recount(bool live)
{
    bool ok;

    accounts_lock();
    audit.live = live;
    ok = frames_check(page_check);
    ok = frames_check(pt_check) && ok;
    count_all(UINT32_MAX);
    ok = frames_check(remainder_ok) && ok;
    count_all(1);
    return accounts_unlock() && ok;
}

bool page_audit(void)
{
    return recount(false);
}

bool page_audit_live(void)
{
    return recount(true);
}
