/* SPDX-License-Identifier: MIT */
/*
 * Accounts: the slot table, the lock of an account with its allowance of work, and the puts of
 * foreign frames that wait for the lock to be dropped.
 *
 * A control domain's tables hold references on frames of other accounts. Such a reference is
 * guarded by the other account's lock, and the frame may be reused as soon as it is gone. So when
 * an entry that named a foreign frame is removed, the put is noted on a per-CPU list; when the
 * lock of the tables' account is dropped, its CPUs are flushed once and the noted references are
 * put, each under its owner's lock. No lock order is broken, and no stale entry outlives its
 * reference.
 */
#include "mm/internal.h"

#define FOREIGN_WRITABLE BIT(63) /* in a postponed put: a writable type reference goes too */

PER_CPU(struct mm_cpu, mm_cpu);

static struct {
    struct mm_account *by_slot[DOMAINS_MAX];
} accounts;

struct mm_account *mm_account_of_slot(uint16_t slot)
{
    return slot < DOMAINS_MAX ? accounts.by_slot[slot] : NULL;
}

int mm_account_register(struct mm_account *acct)
{
    BUG_ON(acct->slot >= DOMAINS_MAX);
    if (accounts.by_slot[acct->slot])
        return -EBUSY;
    lock_init(&acct->lock, LOCK_MM);
    acct->nr_frames = 0;
    acct->nr_shared = 0;
    acct->is_exchanging = false;
    acct->exchange = NULL;
    for (unsigned level = 0; level < ARRAY_SIZE(acct->releasing); level++)
        acct->releasing[level] = NULL;
    acct->nr_releasing = 0;
    acct->relinquish_next = 0;
    WRITE_ONCE(accounts.by_slot[acct->slot], acct);
    return 0;
}

void mm_account_unregister(struct mm_account *acct)
{
    BUG_ON(mm_account_of_slot(acct->slot) != acct);
    BUG_ON(acct->nr_frames || acct->nr_shared || is_releasing(acct));
    WRITE_ONCE(accounts.by_slot[acct->slot], NULL);
}

void account_flush(struct mm_account *acct)
{
    ASSERT(lock_is_held(&acct->lock));
    machine_flush_cpus(READ_ONCE(acct->cpus));
    acct->tlb_epoch++;
}

void foreign_put(struct page *page, bool writable)
{
    struct mm_cpu *cpu = &this_cpu(mm_cpu);

    BUG_ON(cpu->nr_puts == FOREIGN_PUTS_MAX);
    cpu->put[cpu->nr_puts++] = mfn_x(page_mfn(page)) | (writable ? FOREIGN_WRITABLE : 0);
}

/* The reference still held keeps the owner of the frame what it is. */
static void foreign_put_now(uint64_t entry)
{
    struct page *page = page_of(_mfn(entry & ~FOREIGN_WRITABLE));
    struct mm_account *owner = mm_account_of_slot(READ_ONCE(page->owner));

    BUG_ON(!owner);
    lock_take(&owner->lock);
    if (entry & FOREIGN_WRITABLE)
        writable_put(page, owner);
    ref_put(page);
    lock_drop(&owner->lock);
}

/* `cpus`: those that may have cached the entries which held the references. */
static __attribute__((noinline)) void foreign_puts_drain(uint64_t cpus)
{
    struct mm_cpu *cpu = &this_cpu(mm_cpu);

    machine_flush_cpus(cpus);
    for (unsigned i = 0; i < cpu->nr_puts; i++)
        foreign_put_now(cpu->put[i]);
    cpu->nr_puts = 0;
}

void mm_lock(struct mm_account *acct)
{
    lock_take(&acct->lock);
    this_cpu(mm_cpu).work_left = MM_WORK_MAX;
}

void mm_unlock(struct mm_account *acct)
{
    uint64_t cpus = READ_ONCE(acct->cpus);

    lock_drop(&acct->lock);
    if (unlikely(this_cpu(mm_cpu).nr_puts))
        foreign_puts_drain(cpus);
}

void mm_lock_pair(struct mm_account *a, struct mm_account *b)
{
    if (!b || a == b) {
        mm_lock(a);
        return;
    }
    BUG_ON(a->slot == b->slot);
    mm_lock(a->slot < b->slot ? a : b);
    lock_take_second(a->slot < b->slot ? &b->lock : &a->lock);
}

void mm_unlock_pair(struct mm_account *a, struct mm_account *b)
{
    uint64_t cpus = READ_ONCE(a->cpus);

    if (b && a != b) {
        cpus |= READ_ONCE(b->cpus);
        lock_drop(&b->lock);
    }
    lock_drop(&a->lock);
    if (unlikely(this_cpu(mm_cpu).nr_puts))
        foreign_puts_drain(cpus);
}
