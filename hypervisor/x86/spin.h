/* SPDX-License-Identifier: MIT */
/*
 * The lock of the machine layer itself: sys/lock.h lies above x86/. For short register sequences
 * only (index and data ports, a table entry); a holder never waits for another CPU, takes no other
 * lock and calls nothing above x86/. Waiting serves TLB flush requests, as everywhere.
 */
#ifndef LAMINA_X86_SPIN_H
#define LAMINA_X86_SPIN_H

#include "x86/machine.h"

struct spin {
    uint32_t taken;
};

static inline void spin_take(struct spin *spin)
{
    while (__atomic_exchange_n(&spin->taken, 1, __ATOMIC_ACQUIRE) != 0) {
        while (READ_ONCE(spin->taken) != 0)
            machine_relax();
    }
}

static inline void spin_drop(struct spin *spin)
{
    __atomic_store_n(&spin->taken, 0, __ATOMIC_RELEASE);
}

#endif
