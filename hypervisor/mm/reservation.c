/* SPDX-License-Identifier: MIT */
/*
 * Giving frames up. A frame named by a guest is any number: each is checked for range and owner
 * before anything is changed, and between check and commit the account's lock is not dropped.
 */
#include "mm/reservation.h"
#include "lib/bits.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "sys/log.h"

static bool extent_in_range(uint64_t first, unsigned order)
{
    return order <= EXTENT_ORDER_MAX && first < frames_end && frames_end - first >= BIT(order);
}

/* The owner holds a reference of its own that it can drop. */
static bool page_is_given(const struct page *page, const struct mm_account *acct)
{
    return READ_ONCE(page->owner) == acct->slot && (page->flags & PAGE_ALLOCATED);
}

static bool extent_is_given(const struct mm_account *acct, uint64_t first, unsigned order)
{
    for (uint64_t i = first; i < first + BIT(order); i++) {
        if (!page_is_given(&frame_table[i], acct))
            return false;
    }
    return true;
}

/* Drop the owner's references; what nobody else uses goes back in whole runs. */
static void extent_drop(struct mm_account *acct, uint64_t first, uint64_t nr)
{
    uint64_t run = 0;

    for (uint64_t i = first; i < first + nr; i++) {
        struct page *page = &frame_table[i];

        if (page->refs == 1) {
            page->refs = 0;
            run++;
            continue;
        }
        frames_free_run(acct, i - run, run);
        run = 0;
        BUG_ON(!page_give_back(page, acct));
    }
    frames_free_run(acct, first + nr - run, run);
}

int extent_give_up(struct mm_account *acct, mfn_t first, unsigned order)
{
    bool given;

    if (!extent_in_range(mfn_x(first), order))
        return -EINVAL;
    mm_lock(acct);
    given = extent_is_given(acct, mfn_x(first), order);
    if (given)
        extent_drop(acct, mfn_x(first), BIT(order));
    mm_unlock(acct);
    return given ? 0 : -EINVAL;
}

void extent_name(struct mm_account *acct, mfn_t first, unsigned order, uint64_t pfn)
{
    mm_lock(acct);
    for (uint64_t i = 0; i < BIT(order); i++) {
        if (READ_ONCE(page_of(_mfn(mfn_x(first) + i))->owner) == acct->slot)
            m2p_set(_mfn(mfn_x(first) + i), pfn + i);
    }
    mm_unlock(acct);
}

void account_lend(struct mm_account *acct, int64_t frames)
{
    mm_lock(acct);
    acct->frames_lent += (uint64_t)frames;
    mm_unlock(acct);
}

/* Frame `i` of all frames of the extents. */
static struct page *extents_page(const uint64_t *first, unsigned order, uint64_t i)
{
    return &frame_table[first[i >> order] + (i & (BIT(order) - 1))];
}

/*
 * Mark frames by taking PAGE_ALLOCATED from them, so that one named twice is found: how many could
 * be marked. Only the owner's reference on a frame means that no mapping, grant or type uses it.
 */
static uint64_t extents_mark(const struct mm_account *acct, const uint64_t *first, uint64_t frames,
                             unsigned order)
{
    uint64_t i;

    for (i = 0; i < frames; i++) {
        struct page *page = extents_page(first, order, i);

        if (!page_is_given(page, acct) || page->refs != 1)
            break;
        page_flags_drop(page, PAGE_ALLOCATED);
    }
    return i;
}

int extents_condemn(struct mm_account *acct, const uint64_t *first, unsigned nr, unsigned order)
{
    uint64_t frames = (uint64_t)nr << order, marked;

    BUG_ON(frames > BIT(EXTENT_ORDER_MAX));
    for (unsigned i = 0; i < nr; i++) {
        if (!extent_in_range(first[i], order))
            return -EINVAL;
    }
    mm_lock(acct);
    marked = extents_mark(acct, first, frames, order);
    for (uint64_t i = 0; i < marked; i++)
        page_flags_add(extents_page(first, order, i),
                       marked == frames ? PAGE_LEAVING : PAGE_ALLOCATED);
    mm_unlock(acct);
    return marked == frames ? 0 : -EINVAL;
}

void extents_leave(struct mm_account *acct, const uint64_t *first, unsigned order, uint64_t from,
                   uint64_t to)
{
    mm_lock(acct);
    for (uint64_t i = from; i < to; i++)
        BUG_ON(!page_leave(extents_page(first, order, i), acct));
    mm_unlock(acct);
}
