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
 *               table_open                     table_checked
 *      none -----------------> PARTIAL -----------------------> VALIDATED  type_refs counts users
 *       ^                      progress = p: entries               |
 *       |                      [0,p) hold references               | last user goes (table_drop)
 *       |                          |                               | progress = 512
 *       |                          | entry p refused               v
 *       |      table_close         +-----------------> PARTIAL | RELEASING
 *       +----------------------------------------------  entries [0,progress) hold references
 *
 * Both walks may take long: a tree has up to 2^27 entries. The allowance of work that comes with
 * the account's lock (MM_WORK_MAX) ends them with -ERESTART at any entry of any level. Where each
 * level stands is in struct page, so nothing is lost, and a later call goes on. In between:
 *
 * - A PARTIAL frame has type_refs 1, and with it one plain reference: both belong to the state, not
 *   to any user. So the frame is neither freed nor typed otherwise nor written. Whoever asks for
 *   the same type next carries on, whether or not it is who began; when the check is complete, the
 *   state's references become the asker's. Other types get -EBUSY.
 * - A release that is interrupted, after a refused check or of a table that lost its last user, is
 *   noted in acct->releasing, and what asked for it is done: the check answers -EINVAL, the put is
 *   final. Every operation on the account's tables finishes noted releases before it begins
 *   (release_continue), so it never meets a RELEASING frame of an earlier one. One operation notes
 *   at most one frame a level: a refusal may leave a chain, each refused for the one below.
 * - While a table is RELEASING and the undoing of its entry progress-1 was interrupted, the
 *   reference of that entry is the one that the child's own RELEASING state holds.
 * - Entries of a PARTIAL table cannot be updated; the update answers -ERESTART.
 *
 * There is no recursion: for each level, lN_table_get/put, lN_check/undo (validate.c) and
 * lNe_get/put (entry.c) call the level below by name. Loops of tables cannot arise, for a frame
 * has one type and an entry needs the type one below; the exception is an L4 that maps itself
 * read-only, which holds no references at all.
 */
#include "mm/internal.h"

/* Take part in a type that is established. */
static int table_join(struct page *page, const struct mm_account *owner)
{
    if (page->type_refs >= page->refs || !page_get(page, owner))
        return -EINVAL;
    page->type_refs++;
    return 0;
}

int table_open(struct page *page, enum page_type type, struct mm_account *owner)
{
    ASSERT(lock_is_held(&owner->lock));
    ASSERT(is_table_type(type));
    if (unlikely(page->owner != owner->slot || owner->is_dying))
        return -EINVAL;
    if (page->type_refs && page->type != type)
        return page->flags & PAGE_PARTIAL ? -EBUSY : -EINVAL;
    if (page->flags & PAGE_PARTIAL)
        return page->flags & PAGE_RELEASING ? -EBUSY : TABLE_CHECK;
    if (page->type_refs)
        return table_join(page, owner);

    if (!page_get(page, owner))
        return -EINVAL;
    /* A CPU may still have a writable entry for the frame, or walk it as a table of other level. */
    if (page->type != type && page->type != PT_NONE && page->stamp == owner->tlb_epoch)
        account_flush(owner);
    page->type = (uint8_t)type;
    page->type_refs = 1;
    page->flags |= PAGE_PARTIAL;
    page->progress = 0;
    return TABLE_CHECK;
}

int table_checked(struct page *page, int ret)
{
    ASSERT(page->flags & PAGE_PARTIAL);
    if (ret == -ERESTART)
        return ret;
    if (ret == 0) {
        page->flags = (uint8_t)((page->flags & ~PAGE_PARTIAL) | PAGE_VALIDATED);
        return 0;
    }
    page->flags |= PAGE_RELEASING;
    return TABLE_UNDO;
}

int table_refused(struct page *page, struct mm_account *owner, int ret)
{
    if (ret == -ERESTART)
        release_later(page, owner);
    else
        table_close(page, owner);
    return -EINVAL;
}

int table_drop(struct page *page)
{
    BUG_ON(!page->type_refs || !is_table_type(page->type));
    if (page->flags & PAGE_PARTIAL) {
        BUG_ON(!(page->flags & PAGE_RELEASING));
        return TABLE_UNDO;
    }
    if (page->type_refs > 1) {
        page->type_refs--;
        page_put(page);
        return 0;
    }
    page->flags = (uint8_t)((page->flags & ~PAGE_VALIDATED) | PAGE_PARTIAL | PAGE_RELEASING);
    page->progress = TABLE_ENTRIES;
    return TABLE_UNDO;
}

void table_close(struct page *page, struct mm_account *owner)
{
    BUG_ON(page->type_refs != 1 || page->progress != 0);
    page->flags &= (uint8_t)~(PAGE_PARTIAL | PAGE_RELEASING);
    page->type_refs = 0;
    /* Caches of walks through it may live on: the next other type has them flushed. */
    page->stamp = owner->tlb_epoch;
    page_put(page);
}

static int table_get_level(struct page *page, enum page_type type, struct mm_account *owner)
{
    switch (type) {
    case PT_L1:
        return l1_table_get(page, owner);
    case PT_L2:
        return l2_table_get(page, owner);
    case PT_L3:
        return l3_table_get(page, owner);
    case PT_L4:
        return l4_table_get(page, owner);
    default:
        return -EINVAL;
    }
}

static int table_put_level(struct page *page, struct mm_account *owner)
{
    switch (page->type) {
    case PT_L1:
        return l1_table_put(page, owner);
    case PT_L2:
        return l2_table_put(page, owner);
    case PT_L3:
        return l3_table_put(page, owner);
    default:
        BUG_ON(page->type != PT_L4);
        return l4_table_put(page, owner);
    }
}

void release_later(struct page *page, struct mm_account *owner)
{
    struct page **note = &owner->releasing[page->type - PT_L1];

    BUG_ON(*note || !(page->flags & PAGE_RELEASING));
    *note = page;
    owner->nr_releasing++;
}

int release_continue(struct mm_account *acct)
{
    ASSERT(lock_is_held(&acct->lock));
    if (likely(!is_releasing(acct)))
        return 0;
    for (unsigned level = 0; level < ARRAY_SIZE(acct->releasing); level++) {
        if (!acct->releasing[level])
            continue;
        if (table_put_level(acct->releasing[level], acct))
            return -ERESTART;
        acct->releasing[level] = NULL;
        acct->nr_releasing--;
    }
    return 0;
}

int table_get(struct page *page, enum page_type type, struct mm_account *owner)
{
    int ret = release_continue(owner);

    return ret ? ret : table_get_level(page, type, owner);
}

void table_put(struct page *page, struct mm_account *owner)
{
    BUG_ON(is_releasing(owner));
    if (table_put_level(page, owner))
        release_later(page, owner);
}
