/* SPDX-License-Identifier: MIT */
/*
 * The recount: every reference that tables, pins, allocations and unfinished checks hold is taken
 * off the counts, what is left is compared with what else there is (roots, grants, descriptor
 * pages: page_audit_others), and everything is put back. Subtraction in place needs no memory, and
 * unsigned counts come back to what they were whatever is found.
 */
#include "mm/entry.h"

void (*page_audit_others)(void (*count)(mfn_t mfn, bool typed));

static struct {
    uint32_t delta; /* -1 while taking off, 1 while putting back */
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

    if (!(entry & PTE_PRESENT) || !mfn_valid(mfn) || page_of(mfn)->owner == OWNER_DEVICE)
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

        if (!mm_account_of_slot(page->owner))
            continue;
        if (page->flags & PAGE_ALLOCATED)
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
    if (page_audit_others)
        page_audit_others(count);
}

/* What is left of the counts when all known holders are taken off. */
static bool remainder_ok(const struct page *page)
{
    if (page_audit_others)
        return page->refs == 0 && page->type_refs == 0;
    return page->refs <= INT32_MAX && page->type_refs <= page->refs;
}

/* What must hold of a frame by itself. */
static bool page_check(const struct page *page)
{
    if (page->type_refs > page->refs || page->refs == 0)
        return false;
    if ((page->flags & PAGE_PARTIAL) && (page->type_refs != 1 || page->progress > TABLE_ENTRIES))
        return false;
    if ((page->flags & PAGE_VALIDATED) && (!is_table_type(page->type) || !page->type_refs))
        return false;
    if (is_table_type(page->type) && page->type_refs &&
        !(page->flags & (PAGE_VALIDATED | PAGE_PARTIAL)))
        return false;
    if ((page->flags & PAGE_PINNED) && !(page->flags & PAGE_VALIDATED))
        return false;
    return !(page->flags & PAGE_FREE);
}

static bool frames_check(bool (*check)(const struct page *page))
{
    bool ok = true;

    for (uint64_t i = 0; i < frames_end; i++) {
        const struct page *page = &frame_table[i];

        if (!mm_account_of_slot(page->owner) || check(page))
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
        nr += frame_table[i].owner == acct->slot && !(frame_table[i].flags & PAGE_SHARED);
    if (nr != acct->nr_frames)
        log_error("audit: account %u: %lu frames counted, %lu found", acct->slot, acct->nr_frames,
                  nr);
    return nr == acct->nr_frames;
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

bool page_audit(void)
{
    bool ok;

    accounts_lock();
    ok = frames_check(page_check);
    count_all(UINT32_MAX);
    ok = frames_check(remainder_ok) && ok;
    count_all(1);
    return accounts_unlock() && ok;
}
