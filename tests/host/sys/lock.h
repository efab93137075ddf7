/* SPDX-License-Identifier: MIT */
/*
 * Stands in for hypervisor/sys/lock.h in the host build: one thread, so a lock never waits. What is
 * checked instead is the discipline: no lock twice, rising ranks, only held locks dropped. A breach
 * ends the test.
 */
#ifndef LAMINA_SYS_LOCK_H
#define LAMINA_SYS_LOCK_H

#include "lib/types.h"

/* The same ranks as the real header. */
enum lock_rank {
    LOCK_DOMAIN_LIST = 1,
    LOCK_DOMAIN,
    LOCK_EVTCHN,
    LOCK_GRANT,
    LOCK_MM,
    LOCK_ALLOC,
    LOCK_HEAP,
    LOCK_SCHED,
    LOCK_TIMER,
    LOCK_IRQ,
    LOCK_MACHINE,
    LOCK_CONSOLE,
    LOCK_RANKS
};

typedef struct spinlock {
    uint32_t taken;
    uint16_t rank;
    uint16_t holder;
} spinlock_t;

#define SPINLOCK_INIT(r) { .taken = 0, .rank = (r), .holder = 0 }

void lock_init(spinlock_t *lock, enum lock_rank rank);
void lock_take(spinlock_t *lock);
bool lock_try(spinlock_t *lock) must_check;
void lock_drop(spinlock_t *lock);
bool lock_is_held(const spinlock_t *lock);
void lock_take_second(spinlock_t *second);

bool lock_none_held(void);

/* Host only: how many locks are held; 0 between operations. */
unsigned host_locks_held(void);

#endif
