/* SPDX-License-Identifier: MIT */
/*
 * References on tables from outside tables: a guest's pins, and the roots that vCPUs run on. Each
 * function goes on by itself until it is done or something else is due; -ERESTART then means: call
 * again with the same arguments.
 */
#include "mm/internal.h"

static int pin_step(struct mm_account *acct, mfn_t mfn, enum page_type level)
{
    struct page *page;
    int ret = -EINVAL;

    mm_lock(acct);
    page = page_owned(acct, mfn);
    if (page && !(page->flags & PAGE_PINNED)) {
        ret = table_get(page, level, acct);
        if (ret == 0)
            page->flags |= PAGE_PINNED;
    }
    mm_unlock(acct);
    return ret;
}

int pt_pin(struct mm_account *acct, mfn_t mfn, enum page_type level)
{
    int ret;

    if (!is_table_type(level))
        return -EINVAL;
    MM_REPEAT(ret, pin_step(acct, mfn, level));
    return ret;
}

/* A call after -ERESTART finds its frame as the one being released. */
static int unpin_step(struct mm_account *acct, mfn_t mfn)
{
    struct page *page;
    bool again;
    int ret;

    mm_lock(acct);
    page = page_owned(acct, mfn);
    again = page && acct->releasing == page;
    ret = release_continue(acct);
    if (ret == 0 && !again) {
        ret = -EINVAL;
        if (page && (page->flags & PAGE_PINNED)) {
            page->flags &= (uint8_t)~PAGE_PINNED;
            ret = table_put(page, acct);
        }
    }
    mm_unlock(acct);
    return ret;
}

int pt_unpin(struct mm_account *acct, mfn_t mfn)
{
    int ret;

    MM_REPEAT(ret, unpin_step(acct, mfn));
    return ret;
}

static int root_get_step(struct mm_account *acct, mfn_t mfn)
{
    struct page *page;
    int ret = -EINVAL;

    mm_lock(acct);
    page = page_owned(acct, mfn);
    if (page)
        ret = table_get(page, PT_L4, acct);
    mm_unlock(acct);
    return ret;
}

int pt_root_get(struct mm_account *acct, mfn_t mfn)
{
    int ret;

    MM_REPEAT(ret, root_get_step(acct, mfn));
    return ret;
}

static int root_put_step(struct mm_account *acct, mfn_t mfn)
{
    struct page *page = page_of(mfn);
    int ret;

    mm_lock(acct);
    BUG_ON(page->owner != acct->slot || page->type != PT_L4);
    ret = page_put_and_type(page);
    mm_unlock(acct);
    return ret;
}

int pt_root_put(struct mm_account *acct, mfn_t mfn)
{
    int ret;

    MM_REPEAT(ret, root_put_step(acct, mfn));
    return ret;
}
