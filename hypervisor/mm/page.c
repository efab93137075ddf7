/* SPDX-License-Identifier: MIT */
/*
 * References on frames, and the types that have no contents to walk: writable and descriptor page.
 * Tables, whose types validate a whole tree, are in page_type.c.
 *
 * Counts are plain integers under the owner's lock. They never wrap: a full count refuses.
 */
#include "mm/internal.h"

bool page_get(struct page *page, const struct mm_account *owner)
{
    return READ_ONCE(page->owner) == owner->slot && ref_get(page, owner);
}

void page_put(struct page *page)
{
    ref_put(page);
}

/* `flag` says that the owner's own reference is there to be dropped. */
static bool own_put(struct page *page, const struct mm_account *owner, uint8_t flag)
{
    ASSERT(lock_is_held(&owner->lock));
    if (READ_ONCE(page->owner) != owner->slot || !(page->flags & flag))
        return false;
    page_flags_drop(page, flag);
    page_put(page);
    return true;
}

bool page_give_back(struct page *page, const struct mm_account *owner)
{
    return own_put(page, owner, PAGE_ALLOCATED);
}

bool page_leave(struct page *page, const struct mm_account *owner)
{
    return own_put(page, owner, PAGE_LEAVING);
}

/* All descriptors of the page made safe, or none touched and false. */
static bool segdesc_check(struct page *page)
{
    uint64_t *descriptor = machine_map(page_mfn(page));
    uint64_t *end = descriptor + TABLE_ENTRIES;

    for (const uint64_t *d = descriptor; d < end; d++)
        if (!segdesc_ok(READ_ONCE(*d)))
            return false;
    for (uint64_t *d = descriptor; d < end; d++)
        WRITE_ONCE(*d, segdesc_safe(READ_ONCE(*d)));
    return true;
}

int flat_type_get(struct page *page, enum page_type type, struct mm_account *owner)
{
    ASSERT(page->type_refs < page->refs);
    if (page->type_refs) {
        if (page->type != type)
            return page->flags & PAGE_PARTIAL ? -EBUSY : -EINVAL;
        page->type_refs++;
        return 0;
    }
    /* Caches of the former use must be gone: writable entries, or walks through an old table. */
    if (page->type != type && page->type != PT_NONE && page->stamp == owner->tlb_epoch)
        account_flush(owner);
    /* What was a descriptor page last still is: whoever writes makes it writable first. */
    if (type == PT_SEGDESC && page->type != PT_SEGDESC) {
        WRITE_ONCE(page->type, PT_NONE);
        if (!segdesc_check(page))
            return -EINVAL;
    }
    WRITE_ONCE(page->type, (uint8_t)type);
    page->type_refs = 1;
    return 0;
}

int page_get_type(struct page *page, enum page_type type, struct mm_account *owner)
{
    if (unlikely(READ_ONCE(page->owner) != owner->slot ||
                 (type != PT_WRITABLE && type != PT_SEGDESC)))
        return -EINVAL;
    /* A table on its way out: see it off first. */
    if (unlikely(page->flags & PAGE_PARTIAL) && release_continue(owner))
        return -EBUSY;
    return flat_type_get(page, type, owner);
}

int page_put_type(struct page *page)
{
    const struct mm_account *owner = mm_account_of_slot(READ_ONCE(page->owner));

    BUG_ON(!owner || is_table_type(page->type));
    flat_type_put(page, owner);
    return 0;
}

int page_get_and_type(struct page *page, enum page_type type, struct mm_account *owner)
{
    int ret;

    if (is_table_type(type)) {
        ret = release_continue(owner);
        return ret ? ret : table_get(page, type, owner);
    }
    if (unlikely(!page_get(page, owner)))
        return -EINVAL;
    ret = page_get_type(page, type, owner);
    if (unlikely(ret))
        ref_put(page);
    return ret;
}

int page_put_and_type(struct page *page)
{
    struct mm_account *owner = mm_account_of_slot(READ_ONCE(page->owner));
    int ret;

    BUG_ON(!owner);
    if (likely(!is_table_type(page->type))) {
        ret = page_put_type(page);
        ref_put(page);
        return ret;
    }
    ret = release_continue(owner);
    if (ret)
        return ret;
    table_put(page, owner);
    (void)!release_run(owner);
    return 0;
}

void page_share(struct page *page, struct mm_account *owner)
{
    ASSERT(lock_is_held(&owner->lock));
    BUG_ON(page->owner != OWNER_HYPERVISOR || page->refs != 1 || page->type_refs);
    /* The hypervisor writes to it: the writable type keeps it from ever being a table. */
    WRITE_ONCE(page->type, PT_WRITABLE);
    page->type_refs = 1;
    page_flags_add(page, PAGE_SHARED);
    owner->nr_shared++;
    WRITE_ONCE(page->owner, owner->slot);
}

int page_unshare(struct page *page)
{
    struct mm_account *owner = mm_account_of_slot(READ_ONCE(page->owner));

    BUG_ON(!owner || !(page->flags & PAGE_SHARED));
    ASSERT(lock_is_held(&owner->lock));
    if (page->refs != 1 || page->type_refs != 1)
        return -EBUSY;
    account_flush(owner); /* entries may be gone without having been flushed */
    WRITE_ONCE(page->owner, OWNER_HYPERVISOR);
    WRITE_ONCE(page->type, PT_NONE);
    page->type_refs = 0;
    page_flags_drop(page, PAGE_SHARED);
    owner->nr_shared--;
    return 0;
}
