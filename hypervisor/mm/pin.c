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

/* `flag`: PAGE_PINNED, which the reference sets and may be set once; 0: a root. */
static int get_step(struct mm_account *acct, mfn_t mfn, enum page_type type, uint8_t flag)
{
    struct page *page;
    int ret;

    mm_lock(acct);
    ret = release_continue(acct);
    page = page_owned(acct, mfn);
    if (ret == 0 && (!page || (page->flags & flag)))
        ret = -EINVAL;
    if (ret == 0)
        ret = table_get(page, type, acct);
    if (ret == 0)
        page_flags_add(page, flag);
    mm_unlock(acct);
    return ret;
}

static int get(struct mm_account *acct, mfn_t mfn, enum page_type type, uint8_t flag)
{
    int ret;

    MM_REPEAT(ret, get_step(acct, mfn, type, flag));
    if (ret != -ERESTART)
        release_some(acct);
    return ret;
}

static int put_step(struct mm_account *acct, mfn_t mfn, uint8_t flag)
{
    struct page *page;
    int ret;

    mm_lock(acct);
    ret = release_continue(acct);
    page = page_owned(acct, mfn);
    if (ret == 0 && (!page || (page->flags & flag) != flag))
        ret = -EINVAL;
    if (ret == 0) {
        page_flags_drop(page, flag);
        table_put(page, acct);
    }
    mm_unlock(acct);
    return ret;
}

static int put(struct mm_account *acct, mfn_t mfn, uint8_t flag)
{
    int ret;

    MM_REPEAT(ret, put_step(acct, mfn, flag));
    if (ret != -ERESTART)
        release_some(acct);
    return ret;
}

int pt_pin(struct mm_account *acct, mfn_t mfn, enum page_type level)
{
    return is_table_type(level) ? get(acct, mfn, level, PAGE_PINNED) : -EINVAL;
}

int pt_unpin(struct mm_account *acct, mfn_t mfn)
{
    return put(acct, mfn, PAGE_PINNED);
}

int pt_root_get(struct mm_account *acct, mfn_t mfn)
{
    return get(acct, mfn, PT_L4, 0);
}

int pt_root_put(struct mm_account *acct, mfn_t mfn)
{
    int ret;

    BUG_ON(page_of(mfn)->type != PT_L4); /* the caller's reference keeps it so */
    ret = put(acct, mfn, 0);
    BUG_ON(ret == -EINVAL);
    return ret;
}
