/* SPDX-License-Identifier: MIT */
/*
 * Checking and undoing the entries of a table, one function each per level. They go by
 * page->progress and stop with -ERESTART when the allowance of work is spent; see page_type.c.
 * While they run the guest cannot write to the frame, so an entry is the same when it is undone.
 */
#include "mm/internal.h"

static uint64_t *table_of(const struct page *page)
{
    return machine_map(page_mfn(page));
}

static int l1_check(struct page *page, struct mm_account *owner)
{
    uint64_t *table = table_of(page);

    for (; page->progress < TABLE_ENTRIES; page->progress++) {
        uint64_t entry = READ_ONCE(table[page->progress]);
        int ret;

        if (!mm_work(1))
            return -ERESTART;
        ret = l1e_get(owner, owner, &entry);
        if (ret)
            return ret;
        l1e_write(&table[page->progress], entry, PTE_NORMAL);
    }
    return 0;
}

static int l2_check(struct page *page, struct mm_account *owner)
{
    uint64_t *table = table_of(page);

    for (; page->progress < TABLE_ENTRIES; page->progress++) {
        uint64_t entry = READ_ONCE(table[page->progress]);
        int ret;

        if (!mm_work(1))
            return -ERESTART;
        ret = l2e_get(owner, &entry);
        if (ret)
            return ret;
        l2e_write(&table[page->progress], entry, PTE_NORMAL);
    }
    return 0;
}

static int l3_check(struct page *page, struct mm_account *owner)
{
    uint64_t *table = table_of(page);

    for (; page->progress < TABLE_ENTRIES; page->progress++) {
        uint64_t entry = READ_ONCE(table[page->progress]);
        int ret;

        if (!mm_work(1))
            return -ERESTART;
        ret = l3e_get(owner, &entry);
        if (ret)
            return ret;
        l3e_write(&table[page->progress], entry, PTE_NORMAL);
    }
    return 0;
}

static int l4_check(struct page *page, struct mm_account *owner)
{
    uint64_t *table = table_of(page);

    for (; page->progress < TABLE_ENTRIES; page->progress++) {
        uint64_t entry = READ_ONCE(table[page->progress]);
        int ret;

        if (!mm_work(1))
            return -ERESTART;
        if (!is_guest_l4_slot(page->progress))
            continue; /* whatever the guest left there is overwritten below */
        ret = l4e_get(owner, page_mfn(page), &entry);
        if (ret)
            return ret;
        l4e_write(&table[page->progress], entry, PTE_NORMAL);
    }
    machine_l4_install(table);
    return 0;
}

static int l1_undo(struct page *page, struct mm_account *owner)
{
    uint64_t *table = table_of(page);

    for (; page->progress > 0; page->progress--) {
        uint64_t entry = READ_ONCE(table[page->progress - 1]);

        if (!mm_work(1) || !l1e_put_room(owner, entry))
            return -ERESTART;
        l1e_put(owner, entry);
    }
    return 0;
}

static int l2_undo(struct page *page, struct mm_account *owner)
{
    uint64_t *table = table_of(page);

    for (; page->progress > 0; page->progress--) {
        if (!mm_work(1) || l2e_put(owner, READ_ONCE(table[page->progress - 1])))
            return -ERESTART;
    }
    return 0;
}

static int l3_undo(struct page *page, struct mm_account *owner)
{
    uint64_t *table = table_of(page);

    for (; page->progress > 0; page->progress--) {
        if (!mm_work(1) || l3e_put(owner, READ_ONCE(table[page->progress - 1])))
            return -ERESTART;
    }
    return 0;
}

static int l4_undo(struct page *page, struct mm_account *owner)
{
    uint64_t *table = table_of(page);

    for (; page->progress > 0; page->progress--) {
        unsigned slot = page->progress - 1u;

        if (!mm_work(1))
            return -ERESTART;
        if (!is_guest_l4_slot(slot))
            continue;
        if (l4e_put(owner, page_mfn(page), READ_ONCE(table[slot])))
            return -ERESTART;
    }
    return 0;
}

int l1_table_get(struct page *page, struct mm_account *owner)
{
    int step = table_open(page, PT_L1, owner);

    if (step == TABLE_CHECK)
        step = table_checked(page, l1_check(page, owner));
    if (step == TABLE_UNDO)
        step = table_refused(page, owner, l1_undo(page, owner));
    return step;
}

int l2_table_get(struct page *page, struct mm_account *owner)
{
    int step = table_open(page, PT_L2, owner);

    if (step == TABLE_CHECK)
        step = table_checked(page, l2_check(page, owner));
    if (step == TABLE_UNDO)
        step = table_refused(page, owner, l2_undo(page, owner));
    return step;
}

int l3_table_get(struct page *page, struct mm_account *owner)
{
    int step = table_open(page, PT_L3, owner);

    if (step == TABLE_CHECK)
        step = table_checked(page, l3_check(page, owner));
    if (step == TABLE_UNDO)
        step = table_refused(page, owner, l3_undo(page, owner));
    return step;
}

int l4_table_get(struct page *page, struct mm_account *owner)
{
    int step = table_open(page, PT_L4, owner);

    if (step == TABLE_CHECK)
        step = table_checked(page, l4_check(page, owner));
    if (step == TABLE_UNDO)
        step = table_refused(page, owner, l4_undo(page, owner));
    return step;
}

int l1_table_put(struct page *page, struct mm_account *owner)
{
    int step = table_drop(page);

    if (step != TABLE_UNDO)
        return step;
    if (l1_undo(page, owner))
        return -ERESTART;
    table_close(page, owner);
    return 0;
}

int l2_table_put(struct page *page, struct mm_account *owner)
{
    int step = table_drop(page);

    if (step != TABLE_UNDO)
        return step;
    if (l2_undo(page, owner))
        return -ERESTART;
    table_close(page, owner);
    return 0;
}

int l3_table_put(struct page *page, struct mm_account *owner)
{
    int step = table_drop(page);

    if (step != TABLE_UNDO)
        return step;
    if (l3_undo(page, owner))
        return -ERESTART;
    table_close(page, owner);
    return 0;
}

int l4_table_put(struct page *page, struct mm_account *owner)
{
    int step = table_drop(page);

    if (step != TABLE_UNDO)
        return step;
    if (l4_undo(page, owner))
        return -ERESTART;
    table_close(page, owner);
    return 0;
}
