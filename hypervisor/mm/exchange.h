/* SPDX-License-Identifier: MIT */
/*
 * A step of an exchange: extents of an account's frames for others, all or none. A step may stop
 * half way (-ERESTART) and go on later; the account keeps it, one at a time, so what it holds
 * beyond its limit in the meantime is the frames of one step.
 */
#ifndef LAMINA_MM_EXCHANGE_H
#define LAMINA_MM_EXCHANGE_H

#include "mm/reservation.h"

#define EXCHANGE_FRAMES (1u << EXTENT_ORDER_MAX) /* of a step */

struct exchange_side {
    gva_t list;     /* where the guest's numbers are: together with the rest, this is the step */
    unsigned order; /* of an extent */
    unsigned nr;    /* extents; nr << order is the same on both sides */
};

struct exchange_step {
    struct exchange_side in, out;
    unsigned address_bits;
};

enum exchange_phase { EXCHANGE_NONE, EXCHANGE_TAKE, EXCHANGE_GIVE, EXCHANGE_UNDO };

struct exchange {
    /* --- the caller's, before the step begins --- */
    struct exchange_step step;
    uint64_t old_frame[EXCHANGE_FRAMES]; /* first frame of each extent given */
    uint64_t pfn[EXCHANGE_FRAMES];       /* pseudo-physical number of each extent taken */
    /* --- the step's --- */
    uint64_t new_frame[EXCHANGE_FRAMES];
    enum exchange_phase phase;
    unsigned done;   /* TAKE, UNDO: extents taken; GIVE: frames given */
    unsigned worked; /* frames since the last look at pending work */
    int error;       /* UNDO: why */
};

/*
 * Come to work on the account's exchange, which is there (phase NONE: nothing is under way) until
 * leave. -ERESTART: another processor does; -ENOMEM. None of these takes or wants a lock.
 */
int exchange_enter(struct mm_account *acct) must_check;
void exchange_leave(struct mm_account *acct);

/* step, old_frame and pfn are filled in: begin. */
void exchange_begin(struct mm_account *acct);
/*
 * Go on: 0: the new frames are the account's, the old ones are not. -ENOMEM, or -EINVAL for frames
 * that it cannot give: all is as before. -ERESTART: call again.
 */
int exchange_run(struct mm_account *acct) must_check;
/* End what is under way, one way or the other: 0, or -ERESTART. */
int exchange_settle(struct mm_account *acct) must_check;
/* The account is dying and nobody works on it: what is left of its frames goes with the others. */
void exchange_forget(struct mm_account *acct);

#endif
