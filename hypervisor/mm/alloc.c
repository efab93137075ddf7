/* SPDX-License-Identifier: MIT */
/*
 * Frame allocator: a buddy system with one set of lists per address width ("zone"), so that frames
 * below a limit are found without a search and low memory, which some devices need, is given last.
 *
 * Two promises about a frame that is reused. No stale TLB entry reaches it: a freed block carries
 * the value of `flush_clock` at that time; the clock advances when all CPUs have been flushed; so
 * a block whose stamp equals the clock may still be cached somewhere, and taking it flushes
 * first. And no old content shows: every frame freed by anyone is cleared when it is taken, after
 * that flush, for a stale entry could write between an earlier clearing and the flush.
 *
 * A free block is described by its first record: flags PAGE_FREE, type = order, link and refs =
 * next and previous in the list (frame numbers, 0: none), type_refs = stamp.
 */
#include "lib/string.h"
#include "mm/internal.h"

#define ZONES 33 /* frame numbers of 0..32 bits: 16 TiB, the reach of a 32-bit link */

struct page *frame_table;
uint64_t frames_end;

static struct {
    spinlock_t lock;
    /* --- under lock --- */
    uint32_t head[ZONES][ORDER_MAX + 1];
    uint32_t orders[ZONES]; /* bit per list that is not empty */
    uint64_t nr_free, nr_total;
    uint32_t flush_clock;
} frames = { .lock = SPINLOCK_INIT(LOCK_ALLOC) };

/* Bits that the highest frame number of the block needs. */
static unsigned zone_of(uint64_t first, unsigned order)
{
    uint64_t last = first | (BIT(order) - 1);

    return last ? bit_highest(last) + 1 : 0;
}

static void block_insert(uint64_t first, unsigned order, uint32_t stamp)
{
    unsigned zone = zone_of(first, order);
    uint32_t *head = &frames.head[zone][order];
    struct page *page = &frame_table[first];

    page_flags_add(page, PAGE_FREE);
    WRITE_ONCE(page->type, (uint8_t)order);
    page->type_refs = stamp;
    page->refs = 0;
    page->link = *head;
    if (*head)
        frame_table[*head].refs = (uint32_t)first;
    *head = (uint32_t)first;
    frames.orders[zone] |= 1u << order;
}

static void block_remove(uint64_t first)
{
    struct page *page = &frame_table[first];
    unsigned order = page->type, zone = zone_of(first, order);

    BUG_ON(!(page->flags & PAGE_FREE));
    if (page->link)
        frame_table[page->link].refs = page->refs;
    if (page->refs)
        frame_table[page->refs].link = page->link;
    else
        frames.head[zone][order] = page->link;
    if (!frames.head[zone][order])
        frames.orders[zone] &= ~(1u << order);
    page_flags_drop(page, PAGE_FREE);
    WRITE_ONCE(page->type, PT_NONE);
    page->refs = page->type_refs = page->link = 0;
}

/* Put a block back, joined with its buddies; the join may be cached if any part may. */
static void block_free(uint64_t first, unsigned order, uint32_t stamp)
{
    ASSERT(lock_is_held(&frames.lock));
    WRITE_ONCE(frames.nr_free, frames.nr_free + BIT(order));
    for (; order < ORDER_MAX; order++) {
        uint64_t buddy = first ^ BIT(order);

        if (buddy == 0 || buddy + BIT(order) > frames_end)
            break;
        /* One in use is its owner's to change: all but "free", which is ours. */
        if (!(READ_ONCE(frame_table[buddy].flags) & PAGE_FREE) || frame_table[buddy].type != order)
            break;
        if (frame_table[buddy].type_refs == frames.flush_clock)
            stamp = frames.flush_clock;
        block_remove(buddy);
        first = MIN(first, buddy);
    }
    block_insert(first, order, stamp);
}

/* The block to take: from the highest zone allowed, the smallest that is large enough. 0: none. */
static uint64_t block_find(unsigned order, unsigned zone_max)
{
    for (unsigned zone = zone_max + 1; zone-- > 0;) {
        uint32_t orders = frames.orders[zone] >> order << order;

        if (orders)
            return frames.head[zone][bit_lowest(orders)];
    }
    return 0;
}

static uint64_t block_take(unsigned order, unsigned zone_max)
{
    uint64_t first = block_find(order, zone_max);
    unsigned have;
    uint32_t stamp;

    if (!first)
        return 0;
    have = frame_table[first].type;
    stamp = frame_table[first].type_refs;
    block_remove(first);
    while (have > order) {
        have--;
        block_insert(first, have, stamp);
        first += BIT(have);
    }
    WRITE_ONCE(frames.nr_free, frames.nr_free - BIT(order));
    if (stamp == frames.flush_clock) {
        unsigned nr = machine_nr_cpus();

        machine_flush_cpus(nr < 64 ? BIT(nr) - 1 : UINT64_MAX);
        frames.flush_clock++;
    }
    return first;
}

/* Memory of before this boot is no domain's secret: a control domain gets it as it is. */
static void frame_scrub(uint64_t frame, bool is_control)
{
    uint8_t flags = frame_table[frame].flags;

    if ((flags & PAGE_SCRUB) && !(is_control && (flags & PAGE_UNTOUCHED)))
        machine_clear_frame(_mfn(frame));
    WRITE_ONCE(frame_table[frame].flags, 0);
}

static uint64_t block_alloc(unsigned order, unsigned address_bits, bool is_control)
{
    unsigned zone_max = ZONES - 1;
    uint64_t first;

    if (order > ORDER_MAX || (address_bits && address_bits < PAGE_SHIFT))
        return 0;
    if (address_bits)
        zone_max = MIN(zone_max, address_bits - PAGE_SHIFT);
    lock_take(&frames.lock);
    first = block_take(order, zone_max);
    lock_drop(&frames.lock);
    /* Off the lists, the block is nobody's: the clearing needs no lock. */
    for (uint64_t i = first; first && i < first + BIT(order); i++)
        frame_scrub(i, is_control);
    return first;
}

/* A frame without references leaves its owner. */
static void frame_disown(struct page *page, struct mm_account *owner)
{
    BUG_ON(page->refs || page->type_refs);
    BUG_ON(page->flags & (PAGE_PARTIAL | PAGE_PINNED | PAGE_SHARED | PAGE_FREE));
    BUG_ON(!owner || !owner->nr_frames);
    ASSERT(lock_is_held(&owner->lock));
    WRITE_ONCE(owner->nr_frames, owner->nr_frames - 1);
    m2p_set(page_mfn(page), M2P_INVALID);
    WRITE_ONCE(page->owner, OWNER_NONE);
    WRITE_ONCE(page->type, PT_NONE);
    WRITE_ONCE(page->flags, PAGE_SCRUB);
}

void frame_free(struct page *page)
{
    mm_work_spend(WORK_PER_FREE);
    frame_disown(page, mm_account_of_slot(READ_ONCE(page->owner)));
    lock_take(&frames.lock);
    block_free(mfn_x(page_mfn(page)), 0, frames.flush_clock);
    lock_drop(&frames.lock);
}

void frames_free_run(struct mm_account *owner, uint64_t first, uint64_t nr)
{
    for (uint64_t i = first; i < first + nr; i++) {
        BUG_ON(frame_table[i].owner != owner->slot);
        frame_disown(&frame_table[i], owner);
    }
    if (!nr)
        return;
    lock_take(&frames.lock);
    while (nr) {
        unsigned order = MIN(bit_lowest(first), bit_highest(nr));

        block_free(first, order, frames.flush_clock);
        first += BIT(order);
        nr -= BIT(order);
    }
    lock_drop(&frames.lock);
}

static void block_own(uint64_t first, unsigned order, const struct mm_account *acct)
{
    for (uint64_t i = first; i < first + BIT(order); i++) {
        struct page *page = &frame_table[i];

        ASSERT(page->type == PT_NONE && page->type_refs == 0);
        page->refs = 1;
        WRITE_ONCE(page->flags, acct ? PAGE_ALLOCATED : 0);
        page->link = 0;
        WRITE_ONCE(page->owner, acct ? acct->slot : OWNER_HYPERVISOR);
    }
}

/* Book 2^order frames on the account before looking for them: the limit holds at every moment. */
static bool account_charge(struct mm_account *acct, unsigned order)
{
    uint64_t max = READ_ONCE(acct->frames_max), wanted;
    bool fits;

    mm_lock(acct);
    wanted = acct->nr_frames + BIT(order);
    fits = !acct->is_dying && (wanted <= max || wanted - max <= acct->frames_lent);
    if (fits)
        WRITE_ONCE(acct->nr_frames, wanted);
    mm_unlock(acct);
    return fits;
}

static mfn_t account_alloc(struct mm_account *acct, unsigned order, unsigned address_bits)
{
    uint64_t first;

    if (!account_charge(acct, order))
        return MFN_INVALID;
    first = block_alloc(order, address_bits, acct->is_control);
    mm_lock(acct);
    if (first)
        block_own(first, order, acct);
    else
        WRITE_ONCE(acct->nr_frames, acct->nr_frames - BIT(order));
    mm_unlock(acct);
    return first ? _mfn(first) : MFN_INVALID;
}

mfn_t frames_alloc(struct mm_account *acct, unsigned order, unsigned address_bits)
{
    uint64_t first;

    if (order > ORDER_MAX)
        return MFN_INVALID;
    if (acct)
        return account_alloc(acct, order, address_bits);
    first = block_alloc(order, address_bits, false);
    if (!first)
        return MFN_INVALID;
    block_own(first, order, NULL);
    return _mfn(first);
}

void frames_release(mfn_t mfn, unsigned order)
{
    uint64_t first = mfn_x(mfn);

    BUG_ON(order > ORDER_MAX || !first || first + BIT(order) > frames_end);
    BUG_ON(first & (BIT(order) - 1));
    lock_take(&frames.lock);
    for (uint64_t i = first; i < first + BIT(order); i++) {
        struct page *page = &frame_table[i];

        BUG_ON(page->owner != OWNER_HYPERVISOR || page->refs != 1 || page->type_refs);
        ASSERT(page->type == PT_NONE);
        page->refs = page->link = 0;
        WRITE_ONCE(page->flags, PAGE_SCRUB);
        WRITE_ONCE(page->owner, OWNER_NONE);
    }
    /* No guest ever mapped it: page_unshare() flushes, so it counts as flushed. */
    block_free(first, order, frames.flush_clock - 1);
    lock_drop(&frames.lock);
}

void frames_init(maddr_t ram_end, mfn_t (*take)(uint64_t nr))
{
    uint64_t nr = ram_end >> PAGE_SHIFT;

    BUG_ON(nr > UINT64_C(1) << 32);
    frame_table = machine_map(take(DIV_ROUND_UP(nr * sizeof(struct page), PAGE_SIZE)));
    for (uint64_t i = 0; i < nr; i++)
        frame_table[i] = (struct page){ .refs = 1, .owner = OWNER_HYPERVISOR };
    frames_end = nr;
    memset(frames.head, 0, sizeof(frames.head));
    memset(frames.orders, 0, sizeof(frames.orders));
    frames.nr_free = frames.nr_total = 0;
    entries_init();
    m2p_init(nr, take);
}

void frames_add(maddr_t start, maddr_t end)
{
    uint64_t first = MAX(ROUND_UP(start, PAGE_SIZE) >> PAGE_SHIFT, 1); /* 0 ends the lists */
    uint64_t last = MIN(end >> PAGE_SHIFT, frames_end);

    lock_take(&frames.lock);
    while (first < last) {
        unsigned order = MIN(bit_lowest(first), ORDER_MAX);

        while (first + BIT(order) > last)
            order--;
        for (uint64_t i = first; i < first + BIT(order); i++) {
            BUG_ON(frame_table[i].owner != OWNER_HYPERVISOR);
            frame_table[i] = (struct page){ .owner = OWNER_NONE,
                                            .flags = PAGE_SCRUB | PAGE_UNTOUCHED };
        }
        block_free(first, order, frames.flush_clock - 1);
        frames.nr_total += BIT(order);
        first += BIT(order);
    }
    lock_drop(&frames.lock);
}

void frames_give(struct mm_account *acct, mfn_t first, uint64_t nr)
{
    mm_lock(acct);
    for (uint64_t i = mfn_x(first); i < mfn_x(first) + nr; i++) {
        BUG_ON(frame_table[i].owner != OWNER_HYPERVISOR);
        frame_table[i] = (struct page){ .refs = 1, .owner = acct->slot, .flags = PAGE_ALLOCATED };
    }
    acct->nr_frames += nr;
    mm_unlock(acct);
    frames.nr_total += nr;
}

void frames_add_device(maddr_t start, maddr_t end)
{
    uint64_t last = MIN(ROUND_UP(end, PAGE_SIZE) >> PAGE_SHIFT, frames_end);

    for (uint64_t i = start >> PAGE_SHIFT; i < last; i++) {
        /* A frame that RAM shares with the range stays what it is. */
        if (frame_table[i].owner == OWNER_HYPERVISOR)
            frame_table[i] = (struct page){ .owner = OWNER_DEVICE };
    }
}

uint64_t frames_free(void)
{
    return READ_ONCE(frames.nr_free);
}

uint64_t frames_total(void)
{
    return READ_ONCE(frames.nr_total);
}
