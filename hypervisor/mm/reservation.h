/* SPDX-License-Identifier: MIT */
/*
 * Frames that an owner gives up: the memory side of decrease_reservation and exchange. Both check
 * all frames named, then commit. They take the account's lock.
 */
#ifndef LAMINA_MM_RESERVATION_H
#define LAMINA_MM_RESERVATION_H

#include "mm/page.h"

#define EXTENT_ORDER_MAX 9 /* 2 MiB: what one step scrubs or checks in well under a millisecond */

/*
 * Drop acct's own reference on each of the 2^order frames; what is still mapped goes with its last
 * mapping. -EINVAL: a frame is not acct's, or was given up before.
 */
int extent_give_up(struct mm_account *acct, mfn_t first, unsigned order) must_check;
/*
 * The same for `nr` extents (frame numbers, at most 2^EXTENT_ORDER_MAX frames in all), none of
 * whose frames may be in use by anyone, in two halves: condemn says yes for all of them or changes
 * nothing (-EINVAL, also when a frame is named twice); leave drops the owner's references on those
 * numbered `from` to `to` - 1. In between the frames are PAGE_LEAVING: nobody can give them up.
 */
int extents_condemn(struct mm_account *acct, const uint64_t *first, unsigned nr,
                    unsigned order) must_check;
void extents_leave(struct mm_account *acct, const uint64_t *first, unsigned order, uint64_t from,
                   uint64_t to);
/*
 * Enter pseudo-physical numbers from `pfn` up into the M2P, for those of the frames that are still
 * acct's: a guest may give up at once what was just allocated for it.
 */
void extent_name(struct mm_account *acct, mfn_t first, unsigned order, uint64_t pfn);
/* Let acct own `frames` more than its limit, until they are taken back by a negative number. */
void account_lend(struct mm_account *acct, int64_t frames);

#endif
