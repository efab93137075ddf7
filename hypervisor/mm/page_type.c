/* SPDX-License-Identifier: MIT */
/*
 * The life of a page table.
 *
 * A frame becomes a table of level n when somebody first asks for a reference of that type: a root
 * or pin, or an entry of a table one level up. Its 512 entries are then checked in order, and each
 * present one takes the references it stands for: a plain (and, if it allows writing, a writable)
 * reference on a data frame, or a reference of type n-1 on a table, which may have to be checked
 * itself first. When the last type reference goes, the entries are undone from the top down.
 *
 *               table_open                     table_get
 *      none -----------------> PARTIAL -----------------------> VALIDATED  type_refs counts users
 *       ^                      progress = p: entries               |
 *       |                      [0,p) hold references               | last user goes (table_put)
 *       |                          |                               | progress = 512
 *       |                          | entry p refused               v
 *       |      release_run         +-----------------> PARTIAL | RELEASING
 *       +----------------------------------------------  entries [0,progress) hold references
 *
 * Both walks may take long: a tree has up to 2^27 entries. The allowance of work that comes with
 * the account's lock (MM_WORK_MAX) ends them with -ERESTART at any entry of any level. Where each
 * table stands is in struct page, so nothing is lost, and a later call goes on. In between:
 *
 * - A PARTIAL frame has type_refs 1, and with it one plain reference: both belong to the state, not
 *   to any user. So the frame is neither freed nor typed otherwise nor written. Whoever asks for
 *   the same type next carries on, whether or not it is who began; when the check is complete, the
 *   state's references become the asker's. Other types get -EBUSY.
 * - Tables to be released are noted in acct->releasing, at most one a level: after a refused check
 *   the chain of tables that led to the entry, after a put the table that lost its last user. What
 *   asked for it is done: the check answers -EINVAL, the put is final. Every operation on the
 *   account's tables finishes noted releases before it begins (release_continue), so it never
 *   meets a RELEASING frame of an earlier one.
 * - An entry's reference is dropped when `progress` leaves it; what that begins to release below
 *   has a note of its own. So "[0,progress) hold references" is exact at every moment.
 * - Entries of a PARTIAL table cannot be updated; the update answers -ERESTART.
 *
 * There is no recursion: the path down a tree is an array with one place a level, here `path`, in a
 * release the notes. A check goes down by one level where an entry names a table that is to be
 * checked, and up when that is complete; a release always works on the lowest note, so the level
 * below the one it works on is free. Loops of tables cannot arise, for a frame has one type and an
 * entry needs the type one below; the exception is an L4 that maps itself read-only, which holds no
 * references at all.
 */
#include "mm/entry.h"

#define ABSENT_PER_WORK 16 /* entries not present that cost what a present one does */
#define TABLE_CHECK 1 /* beside 0 and errors: check the entries from progress up */

static uint64_t *table_slot(const struct page *page, unsigned index)
{
    return (uint64_t *)machine_map(page_mfn(page)) + index;
}

/* Does entry `index` belong to the guest? */
static bool is_guest_slot(const struct page *page, unsigned index)
{
    return page->type != PT_L4 || is_guest_l4_slot(index);
}

/* ---- checking ------------------------------------------------------------------------------ */

/* 0: has taken part in a type that is established. */
static int table_open(struct page *page, enum page_type type, struct mm_account *owner)
{
    if (unlikely(READ_ONCE(page->owner) != owner->slot || owner->is_dying))
        return -EINVAL;
    if (page->type_refs && page->type != type)
        return page->flags & PAGE_PARTIAL ? -EBUSY : -EINVAL;
    if (page->flags & PAGE_PARTIAL)
        return page->flags & PAGE_RELEASING ? -EBUSY : TABLE_CHECK;
    if (!ref_get(page, owner))
        return -EINVAL;
    if (page->type_refs) {
        page->type_refs++;
        return 0;
    }
    /* A CPU may still have a writable entry for the frame, or walk it as a table of other level. */
    if (page->type != type && page->type != PT_NONE && page->stamp == owner->tlb_epoch)
        account_flush(owner);
    WRITE_ONCE(page->type, (uint8_t)type);
    page->type_refs = 1;
    page_flags_add(page, PAGE_PARTIAL);
    page->progress = 0;
    return TABLE_CHECK;
}

/*
 * Step over the entries from progress up that are not present: they hold nothing, and most tables
 * are sparse. False: the allowance is spent, nothing was done.
 */
static bool absent_checked(struct page *page, const uint64_t *table)
{
    unsigned i = page->progress;

    while (i < TABLE_ENTRIES && !(READ_ONCE(table[i]) & PTE_PRESENT))
        i++;
    if (!mm_work(1 + (i - page->progress) / ABSENT_PER_WORK))
        return false;
    page->progress = (uint16_t)i;
    return true;
}

/* The same from progress down. */
static bool absent_undone(struct page *page, const uint64_t *table)
{
    unsigned i = page->progress;

    while (i > 0 && !(READ_ONCE(table[i - 1]) & PTE_PRESENT))
        i--;
    if (!mm_work(1 + (page->progress - i) / ABSENT_PER_WORK))
        return false;
    page->progress = (uint16_t)i;
    return true;
}

/* To the next present entry, or the end; from the one before, or the start. */
static inline bool step_up(struct page *page, const uint64_t *table)
{
    bool is_present = READ_ONCE(table[page->progress]) & PTE_PRESENT;

    return likely(is_present) ? mm_work(1) : absent_checked(page, table);
}

static inline bool step_down(struct page *page, const uint64_t *table)
{
    bool is_present = READ_ONCE(table[page->progress - 1]) & PTE_PRESENT;

    return likely(is_present) ? mm_work(1) : absent_undone(page, table);
}

/*
 * No guest can write to the frame meanwhile, so an entry is the same when it is undone. 0: all
 * entries hold their references.
 */
static int l1_check(struct page *page, struct mm_account *owner)
{
    uint64_t *table = table_slot(page, 0);

    for (; page->progress < TABLE_ENTRIES; page->progress++) {
        uint64_t entry;
        int ret;

        if (!step_up(page, table))
            return -ERESTART;
        if (page->progress == TABLE_ENTRIES)
            break;
        entry = READ_ONCE(table[page->progress]);
        ret = l1e_get(owner, owner, &entry);
        if (ret)
            return ret;
        entry_write(&table[page->progress], entry, PTE_NORMAL);
    }
    return 0;
}

/* The same of L2..L4; TABLE_CHECK: the entry at progress names *child, which comes first. */
static int upper_check(struct page *page, struct mm_account *owner, struct page **child)
{
    uint64_t *table = table_slot(page, 0);

    for (; page->progress < TABLE_ENTRIES; page->progress++) {
        uint64_t entry;
        int ret;

        if (!step_up(page, table))
            return -ERESTART;
        if (page->progress == TABLE_ENTRIES)
            break;
        if (!is_guest_slot(page, page->progress))
            continue; /* whatever the guest left there is overwritten below */
        entry = READ_ONCE(table[page->progress]);
        ret = table_entry_check(page, &entry);
        if (ret)
            return ret;
        *child = table_entry_child(page, entry);
        ret = *child ? table_open(*child, page->type - 1u, owner) : 0;
        if (ret)
            return ret;
        entry_write(&table[page->progress], entry, PTE_NORMAL);
    }
    if (page->type == PT_L4)
        machine_l4_install(table);
    return 0;
}

/* The table that the entry at progress names has been checked: its reference is the entry's. */
static void child_checked(struct page *page)
{
    uint64_t *slot = table_slot(page, page->progress);

    entry_write(slot, READ_ONCE(*slot) | PTE_USER, PTE_NORMAL);
    page->progress++;
}

int table_get(struct page *page, enum page_type type, struct mm_account *owner)
{
    struct page *path[PT_L4 + 1]; /* by type, from `type` down to `level` */
    unsigned level = type;
    int ret;

    ASSERT(lock_is_held(&owner->lock) && !is_releasing(owner));
    BUG_ON(!is_table_type(type));
    ret = table_open(page, type, owner);
    if (ret != TABLE_CHECK)
        return ret;
    path[level] = page;
    while (ret == TABLE_CHECK) {
        page = path[level];
        ret = level == PT_L1 ? l1_check(page, owner) : upper_check(page, owner, &path[level - 1]);
        if (ret == TABLE_CHECK)
            level--;
        if (ret)
            continue;
        WRITE_ONCE(page->flags, (uint8_t)((page->flags & ~PAGE_PARTIAL) | PAGE_VALIDATED));
        if (level < type) {
            child_checked(path[++level]);
            ret = TABLE_CHECK;
        }
    }
    if (ret == 0 || ret == -ERESTART)
        return ret;
    for (; level <= type; level++)
        release_later(path[level], owner);
    (void)!release_run(owner);
    return -EINVAL;
}

/* ---- release ------------------------------------------------------------------------------- */

void release_later(struct page *page, struct mm_account *owner)
{
    struct page **note = &owner->releasing[page->type - PT_L1];

    BUG_ON(*note || page->type_refs != 1 || !(page->flags & PAGE_PARTIAL));
    page_flags_add(page, PAGE_RELEASING);
    *note = page;
    WRITE_ONCE(owner->nr_releasing, owner->nr_releasing + 1);
}

void table_put(struct page *page, struct mm_account *owner)
{
    ASSERT(lock_is_held(&owner->lock));
    BUG_ON(!page->type_refs || !is_table_type(page->type) || !(page->flags & PAGE_VALIDATED));
    if (page->type_refs > 1) {
        page->type_refs--;
        ref_put(page);
        return;
    }
    WRITE_ONCE(page->flags, (uint8_t)((page->flags & ~PAGE_VALIDATED) | PAGE_PARTIAL));
    page->progress = TABLE_ENTRIES;
    release_later(page, owner);
}

static int l1_undo(struct page *page, struct mm_account *owner)
{
    const uint64_t *table = table_slot(page, 0);

    for (; page->progress > 0; page->progress--) {
        if (!step_down(page, table) || !foreign_put_room())
            return -ERESTART;
        if (page->progress == 0)
            break;
        l1e_put(owner, READ_ONCE(table[page->progress - 1]));
    }
    return 0;
}

/* The table to work on: of the lowest level there is. */
static struct page *release_next(const struct mm_account *acct)
{
    for (unsigned i = 0; i < ARRAY_SIZE(acct->releasing); i++) {
        if (acct->releasing[i])
            return acct->releasing[i];
    }
    return NULL;
}

/* 0 also when a table below is to be released first. */
static int upper_undo(struct page *page, struct mm_account *owner)
{
    const uint64_t *table = table_slot(page, 0);

    while (page->progress > 0 && release_next(owner) == page) {
        struct page *child;

        if (!step_down(page, table))
            return -ERESTART;
        if (page->progress == 0)
            break;
        page->progress--;
        child = table_entry_child(page, READ_ONCE(table[page->progress]));
        if (child && is_guest_slot(page, page->progress))
            table_put(child, owner);
    }
    return 0;
}

static void table_close(struct page *page, struct mm_account *owner)
{
    BUG_ON(page->type_refs != 1);
    owner->releasing[page->type - PT_L1] = NULL;
    WRITE_ONCE(owner->nr_releasing, owner->nr_releasing - 1);
    page_flags_drop(page, PAGE_PARTIAL | PAGE_RELEASING);
    page->type_refs = 0;
    /* Caches of walks through it may live on: the next other type has them flushed. */
    page->stamp = owner->tlb_epoch;
    ref_put(page);
}

int release_run(struct mm_account *acct)
{
    struct page *page;

    ASSERT(lock_is_held(&acct->lock));
    while ((page = release_next(acct)) != NULL) {
        int ret = page->type == PT_L1 ? l1_undo(page, acct) : upper_undo(page, acct);

        if (ret)
            return ret;
        if (page->progress == 0)
            table_close(page, acct);
    }
    return 0;
}
