/* SPDX-License-Identifier: MIT */
/*
 * The ready list. Its length is the number of vCPUs that wait for one CPU, a handful, so a sorted
 * list beats any tree. Virtual times of different queues cannot be compared; a vCPU that moves
 * takes its distance from the floor along.
 */
#include "core/run_queue.h"

#include "sys/log.h"

struct run_queue *queue_lock(const struct vcpu *v)
{
    for (;;) {
        unsigned cpu = READ_ONCE(v->cpu);
        struct run_queue *q = queue_of(cpu);

        lock_take(&q->lock);
        if (v->cpu == cpu)
            return q;
        lock_drop(&q->lock);
    }
}

void queue_insert(struct run_queue *q, struct vcpu *v)
{
    struct vcpu **link = &q->ready;

    ASSERT(lock_is_held(&q->lock) && !v->queued);
    while (*link && (*link)->vtime <= v->vtime)
        link = &(*link)->next_ready;
    v->next_ready = *link;
    *link = v;
    v->queued = true;
    WRITE_ONCE(q->nr_ready, q->nr_ready + 1);
}

void queue_remove(struct run_queue *q, struct vcpu *v)
{
    struct vcpu **link = &q->ready;

    ASSERT(lock_is_held(&q->lock) && v->queued);
    while (*link != v)
        link = &(*link)->next_ready;
    *link = v->next_ready;
    v->next_ready = NULL;
    v->queued = false;
    WRITE_ONCE(q->nr_ready, q->nr_ready - 1);
}

void queue_raise_floor(struct run_queue *q, const struct vcpu *running)
{
    uint64_t lowest = running->vtime;

    if (q->ready)
        lowest = MIN(lowest, q->ready->vtime);
    WRITE_ONCE(q->floor, MAX(q->floor, lowest));
}

uint64_t queue_vtime_moved(uint64_t vtime, const struct run_queue *from, const struct run_queue *to)
{
    uint64_t here = READ_ONCE(from->floor), there = READ_ONCE(to->floor);

    if (vtime >= here)
        return there + (vtime - here);
    return there - MIN(there, here - vtime);
}
