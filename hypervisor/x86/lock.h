/* SPDX-License-Identifier: MIT */
/*
 * The machine layer's own lock: x86/ is below sys/, so it has no ranked locks. Nothing else is
 * taken while one is held. The spin answers TLB flush requests, as every spin in the hypervisor
 * does.
 */
#ifndef LAMINA_X86_LOCK_H
#define LAMINA_X86_LOCK_H

#include "x86/machine.h"

struct machine_lock {
    uint32_t taken;
};

static inline void machine_lock_take(struct machine_lock *lock)
{
    while (__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE))
        while (__atomic_load_n(&lock->taken, __ATOMIC_RELAXED))
            machine_relax();
}

static inline void machine_lock_drop(struct machine_lock *lock)
{
    __atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}

#endif
