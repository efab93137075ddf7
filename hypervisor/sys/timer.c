/* SPDX-License-Identifier: MIT */
/*
 * Deadlines. Each CPU has a pairing heap of its timers, earliest on top, threaded through the
 * timers themselves: setting never needs memory and so never fails, costs a comparison, and the
 * number of timers needs no bound. The CPU's hardware deadline is programmed only when the top gets
 * earlier; after a stop it may come too early, and then finds nothing due.
 */
#include "sys/timer.h"

#include "lib/bits.h"
#include "sys/lock.h"
#include "sys/percpu.h"
#include "x86/upcall.h"

struct deadlines {
    spinlock_t lock;
    struct timer *top;
    uint64_t programmed_ns; /* what the hardware waits for; UINT64_MAX: nothing */
    struct timer *running;  /* its fire() is being called */
};
static PER_CPU(struct deadlines, deadlines) = {
    .lock = SPINLOCK_INIT(LOCK_TIMER),
    .programmed_ns = UINT64_MAX,
};

/* ---- the heap ------------------------------------------------------------------------------ */

/* Both are roots or NULL; returns the earlier with the other as its first child. */
static struct timer *heap_meld(struct timer *a, struct timer *b)
{
    if (!a || !b)
        return a ? a : b;
    if (b->deadline_ns < a->deadline_ns) {
        struct timer *later = a;

        a = b;
        b = later;
    }
    b->sibling = a->child;
    if (a->child)
        a->child->prev = b;
    a->child = b;
    b->prev = a;
    return a;
}

/* Meld a list of siblings into one root: pairs from the left, then all pairs from the right. */
static struct timer *heap_meld_list(struct timer *list)
{
    struct timer *pairs = NULL, *root = NULL;

    while (list) {
        struct timer *a = list, *b = a->sibling, *pair;

        list = b ? b->sibling : NULL;
        a->sibling = a->prev = NULL;
        if (b)
            b->sibling = b->prev = NULL;
        pair = heap_meld(a, b);
        pair->sibling = pairs;
        pairs = pair;
    }
    while (pairs) {
        struct timer *next = pairs->sibling;

        pairs->sibling = NULL;
        root = heap_meld(root, pairs);
        pairs = next;
    }
    return root;
}

static void heap_insert(struct deadlines *d, struct timer *timer)
{
    timer->child = timer->sibling = timer->prev = NULL;
    WRITE_ONCE(timer->is_set, true);
    d->top = heap_meld(d->top, timer);
}

static void heap_remove(struct deadlines *d, struct timer *timer)
{
    struct timer *children = heap_meld_list(timer->child);

    if (timer == d->top) {
        d->top = children;
    } else {
        if (timer->prev->child == timer)
            timer->prev->child = timer->sibling;
        else
            timer->prev->sibling = timer->sibling;
        if (timer->sibling)
            timer->sibling->prev = timer->prev;
        d->top = heap_meld(d->top, children);
    }
    timer->child = timer->sibling = timer->prev = NULL;
    WRITE_ONCE(timer->is_set, false);
}

/* ---- a CPU's deadlines --------------------------------------------------------------------- */

static void deadlines_unlock(struct deadlines *from, struct deadlines *to)
{
    lock_drop(&from->lock);
    if (from != to)
        lock_drop(&to->lock);
}

/*
 * Lock the deadlines of the timer's CPU, which are returned, and those in `to`, in CPU order; they
 * may be the same. The timer may move to another CPU until its lock is held.
 */
static struct deadlines *deadlines_lock(const struct timer *timer, struct deadlines *to)
{
    for (;;) {
        unsigned cpu = READ_ONCE(timer->cpu);
        struct deadlines *from = &cpu_of(cpu, deadlines);

        lock_take(from < to ? &from->lock : &to->lock);
        if (from != to)
            lock_take_second(from < to ? &to->lock : &from->lock);
        if (timer->cpu == cpu)
            return from;
        deadlines_unlock(from, to);
    }
}

/* Lock held; this CPU's deadlines. */
static void deadline_program(struct deadlines *d)
{
    if (d->top && d->top->deadline_ns < d->programmed_ns) {
        d->programmed_ns = d->top->deadline_ns;
        machine_set_deadline(d->programmed_ns);
    }
}

void timer_init(struct timer *timer, void (*fire)(struct timer *timer))
{
    *timer = (struct timer){ .fire = fire };
}

/* Set the timer on `cpu`; deadline NULL: the one that it has, if it is set. */
static void timer_place(struct timer *timer, unsigned cpu, const uint64_t *deadline_ns)
{
    struct deadlines *to = &cpu_of(cpu, deadlines), *from = deadlines_lock(timer, to);
    bool is_local = cpu == machine_cpu_id(), is_first = false, is_due = false;

    if (deadline_ns || timer->is_set) {
        if (timer->is_set)
            heap_remove(from, timer);
        if (deadline_ns)
            timer->deadline_ns = *deadline_ns;
        WRITE_ONCE(timer->cpu, (uint16_t)cpu);
        heap_insert(to, timer);
        is_first = to->top == timer;
        is_due = timer->deadline_ns <= machine_now_ns();
        if (is_first && is_local)
            deadline_program(to);
    }
    deadlines_unlock(from, to);

    /* Another CPU programs its own deadline; what is due now need not wait for an interrupt. */
    if (is_first && (!is_local || is_due))
        cpu_set_work(cpu, WORK_TIMER);
}

void timer_set(struct timer *timer, unsigned cpu, uint64_t deadline_ns)
{
    timer_place(timer, cpu, &deadline_ns);
}

void timer_migrate(struct timer *timer, unsigned cpu)
{
    if (READ_ONCE(timer->is_set) && READ_ONCE(timer->cpu) != cpu)
        timer_place(timer, cpu, NULL);
}

/* Wait while another CPU, perhaps one that the timer has left, runs it: was there one? */
static bool timer_was_running(const struct timer *timer)
{
    bool was = false;

    for (unsigned cpu = 0; cpu < machine_nr_cpus(); cpu++) {
        while (cpu != machine_cpu_id() && READ_ONCE(cpu_of(cpu, deadlines).running) == timer) {
            was = true;
            machine_relax();
        }
    }
    return was;
}

void timer_stop(struct timer *timer)
{
    do {
        struct deadlines *any = &cpu_of(READ_ONCE(timer->cpu), deadlines);
        struct deadlines *d = deadlines_lock(timer, any);

        if (timer->is_set)
            heap_remove(d, timer);
        deadlines_unlock(d, any);
        /* One that was running may have set itself again. */
    } while (timer_was_running(timer));
}

void timer_run(void)
{
    struct deadlines *d = &this_cpu(deadlines);

    lock_take(&d->lock);
    while (d->top && d->top->deadline_ns <= machine_now_ns()) {
        struct timer *timer = d->top;

        heap_remove(d, timer);
        WRITE_ONCE(d->running, timer);
        lock_drop(&d->lock);
        timer->fire(timer);
        WRITE_ONCE(d->running, NULL);
        lock_take(&d->lock);
    }
    deadline_program(d);
    lock_drop(&d->lock);
}

void upcall_deadline(void)
{
    /* The hardware waits for nothing now; timer_run() programs the next one. */
    WRITE_ONCE(this_cpu(deadlines).programmed_ns, UINT64_MAX);
    cpu_set_work(machine_cpu_id(), WORK_TIMER);
}
