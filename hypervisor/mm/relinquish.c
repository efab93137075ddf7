/* SPDX-License-Identifier: MIT */
/*
 * Giving back a dead account's frames: one pass over the frame table drops what the account itself
 * holds (pins, checks that nobody will finish, the owner's references). Everything else its frames
 * held on each other goes with that, in any order, for references follow tables downwards. What
 * remains is held by others and goes when they let go.
 */
#include "mm/exchange.h"
#include "mm/internal.h"

/* Drop all that keeps this frame; -ERESTART: more of the same frame is left. */
static int frame_relinquish(struct mm_account *acct, struct page *page)
{
    ASSERT(!is_releasing(acct));
    if (page->flags & PAGE_PINNED) {
        page_flags_drop(page, PAGE_PINNED);
        table_put(page, acct);
        return -ERESTART;
    }
    if (page->flags & PAGE_PARTIAL) {
        release_later(page, acct);
        return -ERESTART;
    }
    if (!page_give_back(page, acct))
        (void)!page_leave(page, acct); /* the domain died in the middle of an exchange */
    return 0;
}

static int relinquish_step(struct mm_account *acct)
{
    int ret = 0;

    ASSERT(acct->is_dying);
    mm_lock(acct);
    while (ret == 0 && acct->nr_frames && acct->relinquish_next < frames_end) {
        struct page *page = &frame_table[acct->relinquish_next];

        ret = mm_work(1) ? release_continue(acct) : -ERESTART;
        if (ret == 0 && (READ_ONCE(page->owner) != acct->slot || frame_relinquish(acct, page) == 0))
            acct->relinquish_next++;
    }
    if (ret == 0)
        ret = release_continue(acct);
    if (ret == 0 && acct->nr_frames)
        ret = -EBUSY;
    mm_unlock(acct);
    return ret;
}

int account_relinquish(struct mm_account *acct)
{
    int ret;

    exchange_forget(acct);
    MM_REPEAT(ret, relinquish_step(acct));
    return ret;
}
