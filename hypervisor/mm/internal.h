/* SPDX-License-Identifier: MIT */
/*
 * What the files of mm/ ask of each other, entries apart (mm/entry.h). All functions want the lock
 * of the account whose frames they touch.
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

/* Smaller in tests/model, which visits every state of a small machine. */
#ifndef TABLE_ENTRIES
#define TABLE_ENTRIES 512
#endif

void entries_init(void); /* what the processor supports; from frames_init() */
void m2p_init(uint64_t nr, mfn_t (*take)(uint64_t nr));

/* ---- this CPU's part ----------------------------------------------------------------------- */

#ifndef MM_WORK_MAX
#define MM_WORK_MAX 512 /* table entries worked on under one lock: under 60,000 instructions */
#endif
#define FOREIGN_PUTS_MAX 64
#define WORK_PER_FREE    4 /* entries that cost what it takes to free a frame */

struct mm_cpu {
    unsigned work_left; /* entries, since mm_lock() */
    unsigned nr_puts;   /* of foreign frames, to be done by mm_unlock(): account.c */
    uint64_t put[FOREIGN_PUTS_MAX];
};
DECLARE_PER_CPU(struct mm_cpu, mm_cpu);

/* Use up units of the allowance since mm_lock(), one an entry: false when too little is left. */
static inline bool mm_work(unsigned units)
{
    unsigned *left = &this_cpu(mm_cpu).work_left;

    if (unlikely(*left < units))
        return false;
    *left -= units;
    return true;
}
/* Work that is done in any case: what comes next has less. */
static inline void mm_work_spend(unsigned units)
{
    unsigned *left = &this_cpu(mm_cpu).work_left;

    *left -= MIN(*left, units);
}
/* Room for one more postponed put; if there is none, -ERESTART makes it. Postponing one. */
static inline bool foreign_put_room(void)
{
    return this_cpu(mm_cpu).nr_puts < FOREIGN_PUTS_MAX;
}
void foreign_put(struct page *page, bool writable);

/* All CPUs of the account forget what they cached of its tables. */
void account_flush(struct mm_account *acct);

/* ---- references, in line for the entry paths ----------------------------------------------- */

/*
 * One less than the word holds: the state that an interrupted release keeps needs one of its own.
 */
#define REFS_MAX (UINT32_MAX - 1)

/* One more reference on a frame that the account owns: false when it is dying or the count full. */
static inline bool ref_get(struct page *page, const struct mm_account *owner)
{
    ASSERT(lock_is_held(&owner->lock));
    ASSERT(page->owner == owner->slot && page->refs > 0);
    if (unlikely(owner->is_dying || page->refs >= REFS_MAX))
        return false;
    page->refs++;
    return true;
}

/* Last reference gone: back to the free lists, to be flushed and scrubbed before reuse. */
void frame_free(struct page *page);

static inline void ref_put(struct page *page)
{
    BUG_ON(page->refs <= page->type_refs); /* there is none, or types rest on all of them */
    if (unlikely(--page->refs == 0))
        frame_free(page);
}

/* The writable or descriptor type; the caller holds a plain reference that no type rests on yet. */
int flat_type_get(struct page *page, enum page_type type, struct mm_account *owner) must_check;

static inline int writable_get(struct page *page, struct mm_account *owner)
{
    ASSERT(page->type_refs < page->refs);
    if (unlikely(page->type != PT_WRITABLE))
        return flat_type_get(page, PT_WRITABLE, owner);
    page->type_refs++; /* writable last and now: no change of type, nothing to flush */
    return 0;
}

static inline void flat_type_put(struct page *page, const struct mm_account *owner)
{
    ASSERT(lock_is_held(&owner->lock));
    BUG_ON(!page->type_refs);
    if (--page->type_refs == 0)
        page->stamp = owner->tlb_epoch;
}

static inline void writable_put(struct page *page, const struct mm_account *owner)
{
    BUG_ON(page->type != PT_WRITABLE);
    flat_type_put(page, owner);
}

/* The frame of a guest's argument if `acct` owns it, else NULL. */
static inline struct page *page_owned(const struct mm_account *acct, mfn_t mfn)
{
    if (unlikely(!mfn_valid(mfn) || READ_ONCE(page_of(mfn)->owner) != acct->slot))
        return NULL;
    return page_of(mfn);
}

/* ---- descriptors: segdesc.c; in line, for a table has thousands of them ---------------------- */

/* The byte of a descriptor that says what it is. */
#define SEG_BYTE(d)   ((uint8_t)((d) >> 40))
#define SEG_PRESENT   0x80u
#define SEG_DPL       0x60u
#define SEG_CODE_DATA 0x10u
#define SEG_TYPE      0x0fu
#define SEG_ACCESSED  0x01u

/* Absent: using it faults. Type 0 faults as well: upper halves of 16-byte descriptors look so. */
static inline bool segdesc_ok(uint64_t d)
{
    uint8_t system = SEG_BYTE(d) & (SEG_PRESENT | SEG_CODE_DATA | SEG_TYPE);

    return system <= SEG_PRESENT || system >= (SEG_PRESENT | SEG_CODE_DATA);
}
/* Accessed beforehand: the processor need not write to the page while it loads a segment. */
static inline uint64_t segdesc_safe(uint64_t d)
{
    bool is_segment = !(~SEG_BYTE(d) & (SEG_PRESENT | SEG_CODE_DATA));

    return is_segment ? d | (uint64_t)(SEG_DPL | SEG_ACCESSED) << 40 : d;
}

/* ---- tables: page_type.c ------------------------------------------------------------------- */

static inline bool is_table_type(unsigned type)
{
    return type >= PT_L1 && type <= PT_L4;
}
static inline bool is_releasing(const struct mm_account *acct)
{
    return READ_ONCE(acct->nr_releasing) != 0;
}

/*
 * A plain and a type reference together. release_continue() must have returned 0 under this lock;
 * only the table itself is looked at, so a second get or a put may follow. Errors of table_get():
 * as page_get_and_type().
 */
int table_get(struct page *page, enum page_type type, struct mm_account *owner) must_check;
/* Drop both. A table whose last type reference goes is noted for release. */
void table_put(struct page *page, struct mm_account *owner);
/* Note a table that is partly checked, and that nobody will use, for release. */
void release_later(struct page *page, struct mm_account *owner);
/* Go on with the account's releases: 0 when none is left, or -ERESTART. */
int release_run(struct mm_account *acct) must_check;
static inline int release_continue(struct mm_account *acct)
{
    return likely(!is_releasing(acct)) ? 0 : release_run(acct);
}

/* Repeat a step that takes and drops the lock itself until it is done or something else is due. */
#define MM_REPEAT(ret, step)                                                                \
    do {                                                                                    \
        (ret) = (step);                                                                     \
    } while ((ret) == -ERESTART && !preempt_pending())

#endif
