/* SPDX-License-Identifier: MIT */
/*
 * References on tables from outside tables: a guest's pins, and the roots that vCPUs run on. Each
 * function goes on by itself until it is done or something else is due; -ERESTART then means: not
 * done, call again with the same arguments.
 */
#include "mm/internal.h"

static int release_step(struct mm_account *acct)
{
    int ret;

    mm_lock(acct);
    ret = release_continue(acct);
    mm_unlock(acct);
    return ret;
}

/*
 * After a put or a refusal, which is final: take what is left to release as far as time allows. The
 * look without the lock is a hint only: others see to what it misses.
 */
static void release_some(struct mm_account *acct)
{
    int ret = 0;

    if (is_releasing(acct))
        MM_REPEAT(ret, release_step(acct));
    (void)ret;
}

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
    if (ret != -ERESTART)
        release_some(acct);
    return ret;
}

static int unpin_step(struct mm_account *acct, mfn_t mfn)
{
    struct page *page;
    int ret;

    mm_lock(acct);
    ret = release_continue(acct);
    page = page_owned(acct, mfn);
    if (ret == 0 && page && (page->flags & PAGE_PINNED)) {
        page->flags &= (uint8_t)~PAGE_PINNED;
        table_put(page, acct);
    } else if (ret == 0) {
        ret = -EINVAL;
    }
    mm_unlock(acct);
    return ret;
}

int pt_unpin(struct mm_account *acct, mfn_t mfn)
{
    int ret;

    MM_REPEAT(ret, unpin_step(acct, mfn));
    if (ret != -ERESTART)
        release_some(acct);
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
    if (ret != -ERESTART)
        release_some(acct);
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
    if (ret != -ERESTART)
        release_some(acct);
    return ret;
}
