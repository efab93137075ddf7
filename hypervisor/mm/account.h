/* SPDX-License-Identifier: MIT */
/*
 * An account owns frames: what mm/ knows of a domain. It is embedded in struct domain. One lock
 * guards the reference and type counts of all frames of the account; two accounts are locked in
 * slot order. References that an account's page tables hold on foreign frames are dropped after
 * its own lock is released (mm_unlock drains them), so no order is ever broken.
 */
#ifndef LAMINA_MM_ACCOUNT_H
#define LAMINA_MM_ACCOUNT_H

#include "lib/limits.h"
#include "sys/lock.h"

struct page;
struct exchange;

struct mm_account {
    spinlock_t lock;
    uint16_t slot;     /* 0..DOMAINS_MAX-1; dom0 is 0; index kept in struct page */
    bool is_control;   /* may map foreign frames and device memory */
    bool is_dying;     /* no new references by anyone */
    /* --- under lock --- */
    uint64_t nr_frames;  /* frames owned, shared hypervisor frames not counted */
    uint64_t frames_max; /* limit for new allocations; UINT64_MAX: none; tools change it any time */
    uint64_t frames_lent; /* for exchanges in progress: so many above the limit */
    /*
     * CPUs that may hold TLB entries of this account. The scheduler sets a bit before it loads a
     * vCPU's tables there, and may clear it only after a flush of that CPU.
     */
    uint64_t cpus;
    uint32_t tlb_epoch;       /* counts mm's flushes of `cpus`; see docs/memory.md */
    struct page *releasing[4]; /* by level, L1 first: tables whose release was interrupted */
    uint32_t nr_releasing;
    uint64_t relinquish_next; /* frames below are given back already */
    uint16_t nr_shared;       /* hypervisor frames shown to it now */
    bool is_exchanging;       /* a processor works on `exchange` */
    struct exchange *exchange; /* by who set that: a step that was interrupted; NULL: none */
    /* Device memory and ports this account may map: checked by mm through this function. */
    bool (*may_map_device)(const struct mm_account *acct, mfn_t mfn);
};

/* Slot table: the account that owns a frame, or NULL for the hypervisor and device memory. */
struct mm_account *mm_account_of_slot(uint16_t slot);
int mm_account_register(struct mm_account *acct) must_check; /* -EBUSY: slot is taken */
void mm_account_unregister(struct mm_account *acct);          /* all its frames must be gone */

/*
 * `b` may be NULL or equal to `a` in the pair functions. Each lock grants a fresh allowance of
 * work.
 */
void mm_lock(struct mm_account *acct);
void mm_unlock(struct mm_account *acct); /* also drains this CPU's postponed foreign puts */
void mm_lock_pair(struct mm_account *a, struct mm_account *b);
void mm_unlock_pair(struct mm_account *a, struct mm_account *b);

#endif
