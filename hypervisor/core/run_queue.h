/* SPDX-License-Identifier: MIT */
/*
 * The run queue of one CPU: ready vCPUs sorted by virtual time, and the floor below which no
 * newcomer starts. Pure data: core/sched.c decides. All under the queue's lock.
 */
#ifndef LAMINA_CORE_RUN_QUEUE_H
#define LAMINA_CORE_RUN_QUEUE_H

#include "core/vcpu.h"
#include "sys/lock.h"

struct run_queue {
    spinlock_t lock;
    unsigned cpu;
    struct vcpu *ready; /* smallest virtual time first; without the active one */
    unsigned nr_ready;
    uint64_t floor;      /* virtual time that the queue has reached; only rises */
    struct vcpu *active; /* runs now; NULL: idle */
    uint64_t idle_ns;    /* in all, before idle_since_ns */
    /* --- this CPU only --- */
    struct vcpu *loaded; /* whose state the CPU holds: the active one, or the last one while idle */
    struct vcpu *moving; /* that this CPU still looks at, though nothing else keeps it alive */
    bool slice_ended;
    uint64_t idle_since_ns; /* 0: not idle; cleared under the lock */
    struct timer slice; /* armed while others wait */
};

DECLARE_PER_CPU(struct run_queue, run_queue);

static inline struct run_queue *queue_of(unsigned cpu)
{
    return &cpu_of(cpu, run_queue);
}
/* The queue that v belongs to, locked: v may move until its lock is held. */
struct run_queue *queue_lock(const struct vcpu *v);

/* Behind those with the same virtual time: equals take turns. */
void queue_insert(struct run_queue *q, struct vcpu *v);
void queue_remove(struct run_queue *q, struct vcpu *v);
/* The floor follows the smallest virtual time of `running` and the ready ones. */
void queue_raise_floor(struct run_queue *q, const struct vcpu *running);
/* A virtual time of `from` as the same distance from the floor of `to`. */
uint64_t queue_vtime_moved(uint64_t vtime, const struct run_queue *from,
                           const struct run_queue *to);
static inline bool queue_is_idle(const struct run_queue *q)
{
    return !READ_ONCE(q->active) && !READ_ONCE(q->nr_ready);
}

#endif
