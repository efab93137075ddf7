/* SPDX-License-Identifier: MIT */
/*
 * Spin locks with ranks. Interrupts are always off in the hypervisor, so a lock is only ever
 * contended by another CPU; the spin serves TLB flush requests. A CPU takes locks in rising rank
 * order only; debug builds check that, and lock_is_held().
 */
#ifndef LAMINA_SYS_LOCK_H
#define LAMINA_SYS_LOCK_H

#include "lib/types.h"

/* Rising order; docs/locking.md says what each guards. Same rank twice: lock_take_second(). */
enum lock_rank {
    LOCK_DOMAIN_LIST = 1, /* creation and removal of domains */
    LOCK_DOMAIN,          /* life cycle of one domain */
    LOCK_EVTCHN,          /* event channel table of one domain */
    LOCK_GRANT,           /* grant table and maptrack of one domain */
    LOCK_MM,              /* page counts and page tables of one account */
    LOCK_ALLOC,           /* free lists */
    LOCK_HEAP,
    LOCK_SCHED,   /* one CPU's run queue */
    LOCK_TIMER,   /* one CPU's deadlines */
    LOCK_IRQ,     /* pirq and vector tables */
    LOCK_MACHINE, /* APIC, PCI configuration, page tables of the hypervisor */
    LOCK_CONSOLE,
    LOCK_RANKS
};

typedef struct spinlock {
    uint32_t taken;
    uint16_t rank;
    uint16_t holder; /* CPU + 1 while taken (debug) */
} spinlock_t;

#define SPINLOCK_INIT(r)                                                                           \
    {                                                                                              \
        .taken = 0, .rank = (r), .holder = 0                                                       \
    }

void lock_init(spinlock_t *lock, enum lock_rank rank);
bool lock_try(spinlock_t *lock) must_check; /* any rank: what never waits cannot deadlock */
/* More locks of the highest rank held, in an address-independent order: the audit takes many. */
void lock_take_second(spinlock_t *second);
bool lock_is_held(const spinlock_t *lock); /* by this CPU; always true in release builds */
bool lock_none_held(void); /* likewise */

#ifdef CONFIG_DEBUG
void lock_take(spinlock_t *lock);
void lock_drop(spinlock_t *lock);
#else
void lock_wait(spinlock_t *lock); /* the contended case: returns with the lock taken */

static inline void lock_take(spinlock_t *lock)
{
    if (unlikely(__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE)))
        lock_wait(lock);
}
static inline void lock_drop(spinlock_t *lock)
{
    __atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}
#endif

#endif
