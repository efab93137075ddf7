/* SPDX-License-Identifier: MIT */
/*
 * Frames that the layers above hold for a guest: a descriptor table's, or one that the hypervisor
 * writes to. While held a frame keeps its type, so it is no page table under what is written.
 */
#include "mm/internal.h"

int frame_get(struct mm_account *acct, mfn_t mfn, enum page_type type)
{
    struct page *page;
    int ret = -EINVAL;

    mm_lock(acct);
    page = page_owned(acct, mfn);
    if (page && page_get_and_type(page, type, acct) == 0)
        ret = 0;
    mm_unlock(acct);
    return ret;
}

void frame_put(struct mm_account *acct, mfn_t mfn)
{
    mm_lock(acct);
    BUG_ON(page_put_and_type(page_of(mfn))); /* only tables are released in steps */
    mm_unlock(acct);
}
