/* SPDX-License-Identifier: MIT */
/*
 * struct page: one record per machine frame, 16 bytes. Who owns the frame, how many references it
 * has, and what it is used as. docs/memory.md has the pictures and why the counts suffice.
 *
 * Type rules: a frame has at most one type while its type count is above 0. PT_L1..PT_L4 and
 * PT_SEGDESC exclude PT_WRITABLE, so no guest can write a frame used as a table. Each type
 * reference holds one plain reference. All counts are guarded by the owner account's lock.
 */
#ifndef LAMINA_MM_PAGE_H
#define LAMINA_MM_PAGE_H

#include "mm/account.h"

enum page_type { PT_NONE, PT_WRITABLE, PT_L1, PT_L2, PT_L3, PT_L4, PT_SEGDESC };

#define OWNER_NONE       0xffff /* free, or not RAM */
#define OWNER_HYPERVISOR 0xfffe
#define OWNER_DEVICE     0xfffd /* device memory (DOMID_IO): no counts are kept */

#define PAGE_VALIDATED 0x01 /* contents checked for its type */
#define PAGE_PARTIAL   0x02 /* checking or release stopped at `progress`; not usable */
#define PAGE_RELEASING 0x04 /* ... it was release */
#define PAGE_PINNED    0x08 /* one type reference held by pin */
#define PAGE_ALLOCATED 0x10 /* the owner's own reference, dropped by page_give_back() */
#define PAGE_SHARED    0x20 /* hypervisor frame shown to the owner (shared info, grant table) */
#define PAGE_SCRUB     0x40 /* free but not cleared yet */
#define PAGE_LEAVING   0x40 /* of an owned frame: the owner's reference, which exchange will drop */
#define PAGE_UNTOUCHED 0x01 /* of a free frame: nobody's since power-on, holds what was before */
#define PAGE_FREE      0x80 /* on a free list */

struct page {
    uint32_t refs;
    uint32_t type_refs;
    uint16_t owner;
    uint8_t type;  /* enum page_type */
    uint8_t flags; /* PAGE_* */
    union {
        uint16_t progress; /* PARTIAL: next entry, 0..512 */
        uint32_t stamp;    /* type_refs 0: owner's tlb_epoch when the type was dropped */
        uint32_t link;     /* FREE: next in list, page index (type: order, refs: previous) */
    };
};
static_assert(sizeof(struct page) == 16, "the frame table is sized by this");

/*
 * Changes of flags, type and owner are single stores: others look at them without the lock, for a
 * hint, or for what cannot change while they hold a reference.
 */
static inline void page_flags_add(struct page *page, unsigned flags)
{
    WRITE_ONCE(page->flags, (uint8_t)(page->flags | flags));
}
static inline void page_flags_drop(struct page *page, unsigned flags)
{
    WRITE_ONCE(page->flags, (uint8_t)(page->flags & ~flags));
}

extern struct page *frame_table;
extern uint64_t frames_end; /* one above the highest frame with a record */

static inline struct page *page_of(mfn_t mfn)
{
    return &frame_table[mfn_x(mfn)];
}
static inline mfn_t page_mfn(const struct page *page)
{
    return _mfn((uint64_t)(page - frame_table));
}
static inline bool mfn_valid(mfn_t mfn)
{
    return mfn_x(mfn) < frames_end;
}

/* All below: owner's lock held, frame owned by `owner` unless said otherwise. */

/* One more reference; false: not owned by `owner`, free, or count full. */
bool page_get(struct page *page, const struct mm_account *owner) must_check;
/* Drop one; the last one returns the frame to the allocator (scrubbed before reuse). */
void page_put(struct page *page);
/*
 * A plain reference and one of type `type`, validating the contents if it is the first of a table
 * type. -EINVAL: not owned, other type in use, or contents refused; -EBUSY: being checked or
 * released as a table; -ERESTART: validation stopped half way, progress recorded, call again.
 */
int page_get_and_type(struct page *page, enum page_type type, struct mm_account *owner) must_check;
/*
 * Drop both; a table whose last one goes is released, now or before the next operation on the
 * account's tables. -ERESTART (tables only): an earlier release comes first, nothing was done, call
 * again.
 */
int page_put_and_type(struct page *page) must_check;
/* The type alone, PT_WRITABLE or PT_SEGDESC, on top of a plain reference. put: 0. */
int page_get_type(struct page *page, enum page_type type, struct mm_account *owner) must_check;
int page_put_type(struct page *page) must_check;

/* Drop the owner's own reference (decrease_reservation): false when it was dropped before. */
bool page_give_back(struct page *page, const struct mm_account *owner) must_check;
/* The same for a frame that is PAGE_LEAVING: the second half of an exchange. */
bool page_leave(struct page *page, const struct mm_account *owner) must_check;

/*
 * Show a hypervisor frame to a guest (shared info, grant frames): owner may map it, never free
 * it.
 */
void page_share(struct page *page, struct mm_account *owner);
/* Take it back: 0, or -EBUSY while references remain. */
int page_unshare(struct page *page) must_check;

/*
 * Hold acct's frame as PT_WRITABLE or PT_SEGDESC for the hypervisor's use, -EINVAL if it is not
 * acct's or cannot be; and let go of it. These take the account's lock.
 */
int frame_get(struct mm_account *acct, mfn_t mfn, enum page_type type) must_check;
void frame_put(struct mm_account *acct, mfn_t mfn);

#endif
