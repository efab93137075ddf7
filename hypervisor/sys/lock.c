/* SPDX-License-Identifier: MIT */
/*
 * Spin locks. A word is 1 while the lock is taken; a waiter reads it until it looks free, serving
 * flush requests meanwhile (machine_relax), so that a holder may wait for this CPU's
 * acknowledgement without a deadlock. Debug builds count the held locks of each rank per CPU:
 * taking one that is not above all held ones stops the machine at once instead of deadlocking some
 * day.
 */
#include "sys/lock.h"

#include "x86/machine.h"
#ifdef CONFIG_DEBUG
#include "lib/bits.h"
#include "sys/log.h"
#include "sys/percpu.h"
#endif

void lock_init(spinlock_t *lock, enum lock_rank rank)
{
    *lock = (spinlock_t)SPINLOCK_INIT((uint16_t)rank);
}

static bool word_take(spinlock_t *lock)
{
    return __atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE) == 0;
}

static void word_wait(spinlock_t *lock)
{
    do {
        while (READ_ONCE(lock->taken))
            machine_relax();
    } while (!word_take(lock));
}

#ifndef CONFIG_DEBUG

void lock_wait(spinlock_t *lock)
{
    word_wait(lock);
}

bool lock_try(spinlock_t *lock)
{
    return word_take(lock);
}

void lock_take_second(spinlock_t *second)
{
    lock_take(second);
}

bool lock_is_held(const spinlock_t *lock)
{
    (void)lock;
    return true;
}

bool lock_none_held(void)
{
    return true;
}

#else

/* Held locks of this CPU: how many of each rank, and a bit per rank that has any. */
struct held_locks {
    uint8_t count[LOCK_RANKS];
    uint32_t ranks;
};
static PER_CPU(struct held_locks, held);

static void held_add(spinlock_t *lock)
{
    struct held_locks *held = &this_cpu(held);

    lock->holder = (uint16_t)(machine_cpu_id() + 1);
    held->count[lock->rank]++;
    held->ranks |= 1u << lock->rank;
}

void lock_take(spinlock_t *lock)
{
    BUG_ON(lock->rank == 0 || lock->rank >= LOCK_RANKS);
    /* Rising order: nothing of this rank or above is held. */
    if (unlikely(this_cpu(held).ranks >> lock->rank))
        panic("lock order: rank %u taken while ranks %x are held", lock->rank,
              this_cpu(held).ranks);
    if (unlikely(!word_take(lock)))
        word_wait(lock);
    held_add(lock);
}

void lock_take_second(spinlock_t *second)
{
    BUG_ON(this_cpu(held).count[second->rank] == 0);
    BUG_ON(this_cpu(held).ranks >> second->rank != 1);
    if (unlikely(!word_take(second)))
        word_wait(second);
    held_add(second);
}

bool lock_try(spinlock_t *lock)
{
    if (!word_take(lock))
        return false;
    held_add(lock);
    return true;
}

void lock_drop(spinlock_t *lock)
{
    struct held_locks *held = &this_cpu(held);

    BUG_ON(!lock_is_held(lock));
    lock->holder = 0;
    if (--held->count[lock->rank] == 0)
        held->ranks &= ~(1u << lock->rank);
    __atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}

bool lock_is_held(const spinlock_t *lock)
{
    return READ_ONCE(lock->taken) && READ_ONCE(lock->holder) == machine_cpu_id() + 1;
}

bool lock_none_held(void)
{
    return this_cpu(held).ranks == 0;
}

#endif
