/* SPDX-License-Identifier: MIT */
/*
 * What the files of mm/ ask of each other. All functions want the lock of the account whose frames
 * they touch. The call graph goes down one level at a time (l4 -> l3 -> l2 -> l1) and never up.
 */
#ifndef LAMINA_MM_INTERNAL_H
#define LAMINA_MM_INTERNAL_H

#include "lib/bits.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "mm/page.h"
#include "mm/update.h"
#include "sys/log.h"
#include "sys/percpu.h"
#include "x86/machine.h"

/* ---- entries: entry.c ---------------------------------------------------------------------- */

#define TABLE_ENTRIES 512

#define PTE_PRESENT    BIT(0)
#define PTE_WRITE      BIT(1)
#define PTE_USER       BIT(2)
#define PTE_PWT        BIT(3)
#define PTE_PCD        BIT(4)
#define PTE_ACCESSED   BIT(5)
#define PTE_DIRTY      BIT(6)
#define PTE_PAT        BIT(7) /* in L1; page size in L2..L4 */
#define PTE_GLOBAL     BIT(8)
#define PTE_AVAIL      (UINT64_C(0x7ff0000000000e00)) /* 9..11 and 52..62: the guest's own */
#define PTE_NX         BIT(63)
#define PTE_ADDRESS    UINT64_C(0x000ffffffffff000)
#define PTE_CACHE_BITS (PTE_PWT | PTE_PCD | PTE_PAT)
/* A change of these alone changes no right. */
#define PTE_SOFT_BITS  (PTE_ACCESSED | PTE_DIRTY | PTE_AVAIL)

static inline mfn_t entry_mfn(uint64_t entry)
{
    return _mfn((entry & PTE_ADDRESS) >> PAGE_SHIFT);
}
/* L4 slots 256..271 are the hypervisor's. */
static inline bool is_guest_l4_slot(uint64_t slot)
{
    return slot < 256 || slot >= 272;
}

void entries_init(void); /* what the processor supports; from frames_init() */

/*
 * Check an entry and take the references that it will hold; adjusts it to what may be installed.
 * An entry that is not present is fine and holds nothing. -EINVAL, -EPERM; from l2 on -ERESTART.
 */
int l1e_get(struct mm_account *acct, struct mm_account *owner, uint64_t *entry) must_check;
int l2e_get(struct mm_account *acct, uint64_t *entry) must_check;
int l3e_get(struct mm_account *acct, uint64_t *entry) must_check;
int l4e_get(struct mm_account *acct, mfn_t table, uint64_t *entry) must_check;

/* Drop what an entry held. l1: check l1e_put_room() first; l2 on: -ERESTART, call again. */
bool l1e_put_room(const struct mm_account *acct, uint64_t entry) must_check;
void l1e_put(struct mm_account *acct, uint64_t entry);
int l2e_put(struct mm_account *acct, uint64_t entry) must_check;
int l3e_put(struct mm_account *acct, uint64_t entry) must_check;
int l4e_put(struct mm_account *acct, mfn_t table, uint64_t entry) must_check;

/* The only places that store into a table in use: what must see every change hooks here. */
void l1e_write(uint64_t *slot, uint64_t entry, enum pte_update how);
bool l1e_swap(uint64_t *slot, uint64_t *found, uint64_t entry) must_check; /* if it holds *found */
void l2e_write(uint64_t *slot, uint64_t entry, enum pte_update how);
void l3e_write(uint64_t *slot, uint64_t entry, enum pte_update how);
void l4e_write(uint64_t *slot, uint64_t entry, enum pte_update how);

/* ---- types: page_type.c, validate.c -------------------------------------------------------- */

static inline bool is_table_type(unsigned type)
{
    return type >= PT_L1 && type <= PT_L4;
}

/* A plain and a type reference together, by level. get: as page_get_type(). put: 0, -ERESTART. */
int l1_table_get(struct page *page, struct mm_account *owner) must_check;
int l2_table_get(struct page *page, struct mm_account *owner) must_check;
int l3_table_get(struct page *page, struct mm_account *owner) must_check;
int l4_table_get(struct page *page, struct mm_account *owner) must_check;
int l1_table_put(struct page *page, struct mm_account *owner) must_check;
int l2_table_put(struct page *page, struct mm_account *owner) must_check;
int l3_table_put(struct page *page, struct mm_account *owner) must_check;
int l4_table_put(struct page *page, struct mm_account *owner) must_check;

/* Steps of the state machine that the level functions share; answers beside errors: */
#define TABLE_CHECK 1 /* check the entries from page->progress up */
#define TABLE_UNDO  2 /* drop the entries below page->progress */
int table_open(struct page *page, enum page_type type, struct mm_account *owner) must_check;
int table_checked(struct page *page, int ret) must_check;
int table_refused(struct page *page, struct mm_account *owner, int ret) must_check;
int table_drop(struct page *page) must_check;
void table_close(struct page *page, struct mm_account *owner);

/* The writable type alone, for entries: may not lead back to tables. put drops both references. */
int page_get_writable(struct page *page, struct mm_account *owner) must_check;
void page_put_writable(struct page *page, const struct mm_account *owner);

/* Any level, from outside: get finishes interrupted releases first; put records one. */
int table_get(struct page *page, enum page_type type, struct mm_account *owner) must_check;
void table_put(struct page *page, struct mm_account *owner);
/* Go on with the account's interrupted releases: 0 when there is none (left), or -ERESTART. */
int release_continue(struct mm_account *acct) must_check;
/* Note that the release of a table stopped half way. */
void release_later(struct page *page, struct mm_account *owner);
static inline bool is_releasing(const struct mm_account *acct)
{
    return acct->nr_releasing != 0;
}

/* ---- accounts, frames ---------------------------------------------------------------------- */

#define MM_WORK_MAX 1024 /* table entries worked on under one lock: well under 100 microseconds */

/* Use up some of the allowance since mm_lock(): false when it is spent. */
bool mm_work(unsigned entries) must_check;
/* All CPUs of the account forget what they cached of its tables. */
void account_flush(struct mm_account *acct);
/* Room for one more postponed put on this CPU; postponing one. */
bool foreign_put_room(void) must_check;
void foreign_put(struct page *page, bool writable);

/*
 * One less than the word holds: the state that an interrupted release keeps needs one of its own.
 */
#define REFS_MAX (UINT32_MAX - 1)

/* page_get() and the writable type as the entry paths take them: in line, for their budget. */
static inline bool ref_get(struct page *page, const struct mm_account *owner)
{
    ASSERT(lock_is_held(&owner->lock));
    if (unlikely(page->owner != owner->slot || owner->is_dying || page->refs >= REFS_MAX))
        return false;
    ASSERT(page->refs > 0);
    page->refs++;
    return true;
}

static inline int writable_get(struct page *page, struct mm_account *owner)
{
    if (unlikely(page->type != PT_WRITABLE || page->type_refs >= page->refs))
        return page_get_writable(page, owner);
    page->type_refs++; /* writable last and now: no change of type, nothing to flush */
    return 0;
}

/* The frame of a guest's argument if `acct` owns it, else NULL. */
static inline struct page *page_owned(const struct mm_account *acct, mfn_t mfn)
{
    if (!mfn_valid(mfn) || page_of(mfn)->owner != acct->slot)
        return NULL;
    return page_of(mfn);
}
/* Last reference gone: back to the free lists, to be flushed and scrubbed before reuse. */
void frame_free(struct page *page);
void m2p_init(uint64_t nr, mfn_t (*take)(uint64_t nr));

/* Repeat a step that takes and drops the lock itself until it is done or something else is due. */
#define MM_REPEAT(ret, step)                                                                \
    do {                                                                                    \
        (ret) = (step);                                                                     \
    } while ((ret) == -ERESTART && !preempt_pending())

#endif
