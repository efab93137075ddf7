/* SPDX-License-Identifier: MIT */
/*
 * A step of an exchange, in three parts that may each be interrupted. New frames are taken first,
 * on loan above the account's limit. Then the old ones are condemned, in one go: from here on the
 * step cannot fail, and they are dropped one by one. If there are too few new frames, or an old one
 * is in use, those taken are given back.
 *
 *     begin --> TAKE --(all taken, old ones condemned)--> GIVE --> done
 *                 |
 *                 +--(no memory, or an old one in use)--> UNDO --> refused
 *
 * The loan lasts as long as the step. All it works with is in the object: the guest's lists are not
 * looked at again.
 */
#include "mm/exchange.h"
#include "lib/bits.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "sys/log.h"
#include "sys/percpu.h"

#define EXCHANGE_PREEMPT 64 /* frames between two looks at pending work */

int exchange_enter(struct mm_account *acct)
{
    bool other;

    mm_lock(acct);
    other = acct->is_exchanging;
    acct->is_exchanging = true;
    mm_unlock(acct);
    if (other)
        return -ERESTART;
    if (!acct->exchange)
        acct->exchange = heap_alloc(sizeof(*acct->exchange));
    if (acct->exchange)
        return 0;
    acct->is_exchanging = false;
    return -ENOMEM;
}

void exchange_leave(struct mm_account *acct)
{
    if (acct->exchange->phase == EXCHANGE_NONE)
        exchange_forget(acct);
    mm_lock(acct);
    acct->is_exchanging = false;
    mm_unlock(acct);
}

void exchange_forget(struct mm_account *acct)
{
    if (acct->exchange)
        heap_free(acct->exchange, sizeof(*acct->exchange));
    acct->exchange = NULL;
}

/* Frames were worked on: is it time to stop? */
static bool is_time(struct exchange *x, unsigned frames)
{
    x->worked += frames;
    if (x->worked < EXCHANGE_PREEMPT)
        return false;
    x->worked = 0;
    return preempt_pending();
}

static int step_refused(struct exchange *x, int error)
{
    x->phase = EXCHANGE_UNDO;
    x->error = error;
    return 0;
}

/* 0: in another phase. */
static int take_run(struct mm_account *acct, struct exchange *x)
{
    while (x->done < x->step.out.nr) {
        mfn_t mfn = frames_alloc(acct, x->step.out.order, x->step.address_bits);

        if (mfn_eq(mfn, MFN_INVALID))
            return step_refused(x, -ENOMEM);
        x->new_frame[x->done++] = mfn_x(mfn);
        if (is_time(x, 1u << x->step.out.order))
            return -ERESTART;
    }
    if (extents_condemn(acct, x->old_frame, x->step.in.nr, x->step.in.order))
        return step_refused(x, -EINVAL);
    x->phase = EXCHANGE_GIVE;
    x->done = 0;
    return 0;
}

static int give_run(struct mm_account *acct, struct exchange *x)
{
    unsigned frames = x->step.in.nr << x->step.in.order;

    while (x->done < frames) {
        unsigned to = MIN(x->done + EXCHANGE_PREEMPT, frames), from = x->done;

        extents_leave(acct, x->old_frame, x->step.in.order, from, to);
        x->done = to;
        if (is_time(x, to - from))
            return -ERESTART;
    }
    return 0;
}

/* A guest that guesses a number and gives it up itself loses nothing but that frame. */
static int undo_run(struct mm_account *acct, struct exchange *x)
{
    while (x->done > 0) {
        (void)!extent_give_up(acct, _mfn(x->new_frame[--x->done]), x->step.out.order);
        if (is_time(x, 1u << x->step.out.order))
            return -ERESTART;
    }
    return 0;
}

static int64_t step_frames(const struct exchange *x)
{
    return (int64_t)x->step.out.nr << x->step.out.order;
}

/* Old and new exist together for a moment, so the limit gives way by one step. */
void exchange_begin(struct mm_account *acct)
{
    struct exchange *x = acct->exchange;

    BUG_ON(x->phase != EXCHANGE_NONE || step_frames(x) > EXCHANGE_FRAMES);
    x->phase = EXCHANGE_TAKE;
    x->done = 0;
    x->error = 0;
    account_lend(acct, step_frames(x));
}

int exchange_run(struct mm_account *acct)
{
    struct exchange *x = acct->exchange;
    int ret = x->phase == EXCHANGE_TAKE ? take_run(acct, x) : 0;

    if (ret == 0)
        ret = x->phase == EXCHANGE_GIVE ? give_run(acct, x) : undo_run(acct, x);
    if (ret)
        return ret;
    x->phase = EXCHANGE_NONE;
    account_lend(acct, -step_frames(x));
    return x->error;
}

int exchange_settle(struct mm_account *acct)
{
    struct exchange *x = acct->exchange;

    if (x->phase == EXCHANGE_TAKE)
        (void)step_refused(x, -EINVAL);
    if (x->phase == EXCHANGE_NONE)
        return 0;
    return exchange_run(acct) == -ERESTART ? -ERESTART : 0;
}
