/* SPDX-License-Identifier: MIT */
/* One-shot deadlines, per CPU, no tick. A timer belongs to the CPU that it was last set on. */
#ifndef LAMINA_SYS_TIMER_H
#define LAMINA_SYS_TIMER_H

#include "lib/types.h"

struct timer {
    uint64_t deadline_ns;
    void (*fire)(struct timer *timer); /* on the timer's CPU, interrupts off, no lock held */
    /* --- under the lock of the CPU's deadlines --- */
    struct timer *child, *sibling; /* pairing heap: first child, next child of the same parent */
    struct timer *prev;            /* previous sibling, or the parent of a first child */
    uint16_t cpu;
    bool is_set;
};

void timer_init(struct timer *timer, void (*fire)(struct timer *timer));
/* (Re)arm on `cpu` for `deadline_ns` of machine_now_ns(); a time in the past fires at once. */
void timer_set(struct timer *timer, unsigned cpu, uint64_t deadline_ns);
/*
 * After return the timer is not set and, unless called from itself, not running. The caller holds
 * no lock that fire() takes.
 */
void timer_stop(struct timer *timer);
/* If set, let it fire on `cpu` instead. */
void timer_migrate(struct timer *timer, unsigned cpu);
/* Run what is due on this CPU and program the next deadline: the exit path's WORK_TIMER. */
void timer_run(void);

#endif
