/* SPDX-License-Identifier: MIT */
/*
 * The scheduler. A vCPU belongs to the run queue of one CPU (v->cpu) and is in one of these places:
 *
 *     waiting  --wake-->  ready list  --pick-->  current of the CPU
 *        ^                    ^  |                   |    |
 *        |                    |  +--steal, rehome    |    |
 *        +--- blocked, paused-|----------------------+    |
 *                             +------- preempted ---------+
 *
 * Shares: a vCPU's virtual time grows by its run time divided by its weight, the ready list is
 * sorted by it, and the smallest runs. A waker gets at most WAKE_BONUS_NS of credit for having
 * slept, which lets it preempt those who compute; the queue's floor only rises, so nobody saves up
 * shares.
 *
 * Loading is lazy. A vCPU that blocks stays loaded (v->running) while its CPU idles, and continues
 * without any reload if it is the next to run there. While it is loaded it can run nowhere else:
 * nobody steals or moves it. A vCPU that is paused or whose affinity forbids the CPU is unloaded by
 * that CPU itself before it does anything else, which is what vcpu_pause() waits for.
 *
 * Once unloaded, a vCPU that dies may be freed at any moment. A CPU that still has to find it a
 * place says so in its queue (moving), and sched_vcpu_remove() waits. Others who touch a vCPU have
 * a reference to its domain, its event channels locked, or are its timers.
 *
 * No wake-up is lost: the waker stores what it has to tell (pending event, paused bits), then takes
 * the queue's lock; a CPU decides to run, block or halt under that lock or, for halting, with
 * interrupts off after looking at its work word, which remote wakers set before they send a kick.
 */
#include "core/sched.h"

#include "core/domain.h"
#include "core/run_queue.h"
#include "core/time.h"
#include "lib/bits.h"
#include "lib/errno.h"
#include "sys/log.h"
#include "x86/upcall.h"

#define SLICE_NS      UINT64_C(10000000) /* at most this long while others are ready */
#define WAKE_BONUS_NS UINT64_C(5000000)
#define PREEMPT_NS    UINT64_C(500000) /* a waker must lead by this much to preempt */
#define CAP_PERIOD_NS UINT64_C(30000000)
#define WEIGHT_ONE    256u

static struct {
    uint64_t idle_cpus; /* atomic; a bit is claimed by who sends work to that CPU */
    bool is_ready;      /* the queues are made */
} sched;

PER_CPU(struct run_queue, run_queue);

uint64_t sched_cpus_up(void)
{
    unsigned nr = machine_nr_cpus();

    return nr >= 64 ? ~UINT64_C(0) : BIT(nr) - 1;
}

static bool is_runnable(const struct vcpu *v)
{
    return READ_ONCE(v->paused) == 0 && !READ_ONCE(v->blocked);
}

/* Must this CPU give v's state up before it does anything else? */
static bool must_unload(const struct vcpu *v, unsigned cpu)
{
    return READ_ONCE(v->paused) != 0 || !(READ_ONCE(v->affinity) & BIT(cpu));
}

/* ---- accounting: queue lock held ----------------------------------------------------------- */

static void state_set(struct vcpu *v, enum vcpu_state state, uint64_t now)
{
    v->state_ns[v->state] += now - v->state_since_ns;
    v->state_since_ns = now;
    v->state = state;
}

static enum vcpu_state waiting_state(const struct vcpu *v)
{
    if (READ_ONCE(v->paused) & ~VCPU_PAUSED_CAP)
        return VCPU_OFFLINE;
    return v->blocked ? VCPU_BLOCKED : VCPU_RUNNABLE;
}

/* Run time that v may still use in this period; UINT64_MAX: no cap. */
static uint64_t cap_left(struct vcpu *v, uint64_t now)
{
    const struct domain *d = v->domain;
    uint64_t budget;
    unsigned online = 0;

    if (!d->cap)
        return UINT64_MAX;
    if (now - v->cap_start_ns >= CAP_PERIOD_NS) {
        v->cap_start_ns = now;
        v->cap_used_ns = 0;
    }
    /* The cap is the domain's: its vCPUs that are up share it equally. */
    for_each_vcpu(d, sibling)
        online += !(READ_ONCE(sibling->paused) & VCPU_PAUSED_DOWN);
    budget = CAP_PERIOD_NS * d->cap / 100 / MAX(online, 1u);
    return budget > v->cap_used_ns ? budget - v->cap_used_ns : 0;
}

/* Charge the active vCPU of q for its time since the last look; the floor follows. */
static void charge(struct run_queue *q, struct vcpu *v, uint64_t now)
{
    uint64_t ran = now - v->slice_start_ns;

    v->slice_start_ns = now;
    v->vtime += ran * WEIGHT_ONE / MAX(v->domain->weight, 1u);
    v->cap_used_ns += ran;
    queue_raise_floor(q, v);
    if (cap_left(v, now) == 0 && !(atomic_or(&v->paused, VCPU_PAUSED_CAP) & VCPU_PAUSED_CAP)) {
        timer_set(&v->cap_timer, q->cpu, v->cap_start_ns + CAP_PERIOD_NS);
        cpu_set_work(q->cpu, WORK_SCHEDULE);
    }
}

static void cap_fire(struct timer *timer)
{
    struct vcpu *v = container_of(timer, struct vcpu, cap_timer);

    atomic_and(&v->paused, ~VCPU_PAUSED_CAP);
    sched_wake(v);
}

/* ---- where a vCPU goes --------------------------------------------------------------------- */

/* The CPU that a vCPU which became runnable should run on; an idle one is claimed. */
static unsigned choose_cpu(const struct vcpu *v)
{
    uint64_t allowed = READ_ONCE(v->affinity) & sched_cpus_up();
    uint64_t preferred = READ_ONCE(v->preferred) & allowed;
    uint64_t idle;
    unsigned cpu, best = v->cpu, shortest;

    if (v->running)
        return v->cpu;
    if (((preferred ? preferred : allowed) & BIT(v->cpu)) && queue_is_idle(queue_of(v->cpu)))
        return v->cpu;
    idle = atomic_read(&sched.idle_cpus) & preferred;
    for_each_bit(cpu, idle) if (atomic_bit_clear(&sched.idle_cpus, cpu)) return cpu;
    idle = atomic_read(&sched.idle_cpus) & allowed;
    for_each_bit(cpu, idle) if (atomic_bit_clear(&sched.idle_cpus, cpu)) return cpu;
    if (allowed & BIT(v->cpu))
        return v->cpu;
    shortest = UINT32_MAX;
    for_each_bit(cpu, allowed)
    {
        unsigned length = READ_ONCE(queue_of(cpu)->nr_ready);

        if (length < shortest) {
            shortest = length;
            best = cpu;
        }
    }
    return best;
}

/* q and v's lock held, v in no list and not loaded: it belongs to `cpu` from now on. */
static void move_to(const struct run_queue *q, struct vcpu *v, unsigned cpu)
{
    v->vtime = queue_vtime_moved(v->vtime, q, queue_of(cpu));
    WRITE_ONCE(v->cpu, (uint16_t)cpu);
}

/* q's lock held, v just went into its ready list: does its CPU have to look? */
static void notify_ready(struct run_queue *q, const struct vcpu *v, uint64_t now)
{
    if (q->active && v->vtime + PREEMPT_NS >= q->active->vtime) {
        /* Not urgent: the end of a slice will do, which nobody waited for so far. */
        if (!READ_ONCE(q->slice.is_set)) /* a hint: its own lock guards it */
            timer_set(&q->slice, q->cpu, now + SLICE_NS);
        return;
    }
    cpu_set_work(q->cpu, WORK_SCHEDULE);
}

/* q's lock held: v, runnable and in no list, takes its place in this queue. */
static void enqueue(struct run_queue *q, struct vcpu *v, uint64_t now)
{
    if (v->state != VCPU_RUNNABLE)
        state_set(v, VCPU_RUNNABLE, now);
    /* Who computes alone is not looked at for long: the floor must be of now. */
    if (q->active)
        charge(q, q->active, now);
    v->vtime = MAX(v->vtime, q->floor - MIN(q->floor, WAKE_BONUS_NS));
    queue_insert(q, v);
    notify_ready(q, v, now);
}

/* Put v where it should run, if it is runnable and not there yet. */
static void make_ready(struct vcpu *v, bool unblock)
{
    struct run_queue *q = queue_lock(v);
    uint64_t now = machine_now_ns();
    bool chosen = false;

    if (unblock) {
        WRITE_ONCE(v->blocked, false);
        WRITE_ONCE(v->polling, false);
    }
    while (is_runnable(v) && !v->queued && q->active != v) {
        unsigned cpu = chosen ? v->cpu : choose_cpu(v);

        chosen = true;
        if (cpu == q->cpu) {
            enqueue(q, v, now);
            break;
        }
        move_to(q, v, cpu);
        lock_drop(&q->lock);
        q = queue_lock(v); /* others may have acted meanwhile: all is looked at again */
    }
    lock_drop(&q->lock);
}

void sched_wake(struct vcpu *v)
{
    make_ready(v, false);
}

void sched_unblock(struct vcpu *v)
{
    make_ready(v, true);
}

void sched_sleep(struct vcpu *v, bool sync)
{
    struct run_queue *q = queue_lock(v);
    bool is_loaded = v->running;

    if (q->active != v && !is_runnable(v)) {
        if (v->queued)
            queue_remove(q, v);
        if (v->state != waiting_state(v))
            state_set(v, waiting_state(v), machine_now_ns());
    }
    lock_drop(&q->lock);
    if (!is_loaded)
        return;
    cpu_set_work(q->cpu, WORK_SCHEDULE);
    if (sync && v != current)
        while (READ_ONCE(v->running) && READ_ONCE(v->paused))
            machine_relax();
}

/* ---- loading and unloading: this CPU's queue, lock not held -------------------------------- */

/* v's state is in memory now: a pauser may go on, another CPU may load it. */
static void release(struct run_queue *q, struct vcpu *v)
{
    lock_take(&q->lock);
    atomic_write(&v->running, false);
    lock_drop(&q->lock);
}

/*
 * v may wait in this CPU's queue though another place is better: it belongs to `cpu` from now on,
 * and goes there or wherever is best at this moment.
 */
static void rehome(struct run_queue *q, struct vcpu *v, unsigned cpu)
{
    lock_take(&q->lock);
    if (v->cpu == q->cpu && v->queued && !v->running) {
        queue_remove(q, v);
        if (cpu != q->cpu)
            move_to(q, v, cpu);
    }
    lock_drop(&q->lock);
    make_ready(v, false);
}

/* v must not stay loaded here: another CPU may take it, or who paused it go on. */
static void evict(struct run_queue *q, struct vcpu *v)
{
    WRITE_ONCE(q->moving, v);
    sched_runstate_publish(v);
    machine_guest_save(&v->arch);
    machine_guest_none();
    atomic_and(&v->domain->mm.cpus, ~BIT(q->cpu));
    q->loaded = NULL;
    release(q, v);
    rehome(q, v, q->cpu);
    atomic_write(&q->moving, NULL);
}

/* Replace what is loaded on this CPU by v. */
static void load(struct run_queue *q, struct vcpu *v)
{
    struct vcpu *old = q->loaded;

    if (old) {
        sched_runstate_publish(old);
        machine_guest_save(&old->arch);
    }
    /* Set before the first translation can be cached: a flush that misses the bit came earlier. */
    atomic_or(&v->domain->mm.cpus, BIT(q->cpu));
    machine_guest_load(&v->arch);
    if (old) {
        if (old->domain != v->domain)
            atomic_and(&old->domain->mm.cpus, ~BIT(q->cpu));
        release(q, old);
    }
    q->loaded = v;
    timer_migrate(&v->singleshot, q->cpu);
    timer_migrate(&v->periodic, q->cpu);
}

/* ---- the decision -------------------------------------------------------------------------- */

/* What current did so far is accounted; it goes back to the list or waits. */
static void deschedule(struct run_queue *q, struct vcpu *prev)
{
    uint64_t now = machine_now_ns();

    lock_take(&q->lock);
    charge(q, prev, now);
    q->active = NULL;
    state_set(prev, waiting_state(prev), now);
    if (is_runnable(prev))
        queue_insert(q, prev);
    lock_drop(&q->lock);
}

/* Take the first ready vCPU and make it current; NULL: none. */
static struct vcpu *pick(struct run_queue *q)
{
    uint64_t now = machine_now_ns();
    struct vcpu *next;

    lock_take(&q->lock);
    next = q->ready;
    if (next) {
        queue_remove(q, next);
        if (q->idle_since_ns)
            q->idle_ns += now - q->idle_since_ns;
        q->idle_since_ns = 0;
        state_set(next, VCPU_RUNNING, now);
        next->slice_start_ns = now;
        q->active = next;
        WRITE_ONCE(next->running, true);
        atomic_and(&sched.idle_cpus, ~BIT(q->cpu));
        queue_raise_floor(q, next);
        if (q->nr_ready || next->domain->cap)
            timer_set(&q->slice, q->cpu, now + MIN(cap_left(next, now), SLICE_NS));
    }
    lock_drop(&q->lock);
    return next;
}

/* Bring one ready vCPU of another queue that is longer than `over` here. */
static bool steal(struct run_queue *q, unsigned over)
{
    unsigned nr = machine_nr_cpus();

    for (unsigned i = 1; i < nr; i++) {
        struct run_queue *other = queue_of((q->cpu + i) % nr);
        struct vcpu *v;

        /* Only a try: who holds that lock may just be looking at ours. */
        if (READ_ONCE(other->nr_ready) <= over || !lock_try(&other->lock))
            continue;
        v = other->ready;
        while (v && (v->running || !(v->affinity & BIT(q->cpu))))
            v = v->next_ready;
        if (v) {
            WRITE_ONCE(q->moving, v);
            queue_remove(other, v);
            move_to(other, v, q->cpu);
        }
        lock_drop(&other->lock);
        if (!v)
            continue;
        lock_take(&q->lock);
        if (v->cpu == q->cpu && is_runnable(v) && !v->queued && q->active != v)
            queue_insert(q, v);
        lock_drop(&q->lock);
        atomic_write(&q->moving, NULL);
        return true;
    }
    return false;
}

/*
 * v made room for another one here: some other CPU may be better for it. At the end of a slice an
 * equally long queue will do as well, which lets three vCPUs rotate over two CPUs instead of
 * pairing two.
 */
static void share_out(struct run_queue *q, struct vcpu *v, bool slice_ended)
{
    uint64_t allowed = READ_ONCE(v->affinity) & sched_cpus_up();
    uint64_t others = allowed & ~BIT(q->cpu);
    unsigned cpu, target = q->cpu;

    if (slice_ended)
        for_each_bit(cpu, others) if (READ_ONCE(queue_of(cpu)->nr_ready) < READ_ONCE(q->nr_ready))
            target = cpu;
    if (target != q->cpu || allowed == others || (atomic_read(&sched.idle_cpus) & others))
        rehome(q, v, target);
}

static void run(struct run_queue *q, struct vcpu *prev, struct vcpu *next) noreturn;
static void run(struct run_queue *q, struct vcpu *prev, struct vcpu *next)
{
    struct vcpu *displaced = q->loaded != next ? q->loaded : NULL;
    bool slice_ended = q->slice_ended;

    q->slice_ended = false;
    WRITE_ONCE(q->moving, displaced);
    if (displaced || !q->loaded)
        load(q, next);
    current = next;
    if (next != prev) {
        time_update_vcpu(next);
        sched_runstate_publish(next);
    }
    if (displaced)
        share_out(q, displaced, slice_ended);
    /* Stores above (running, current) before the exit path's look at work and events. */
    atomic_write(&q->moving, NULL);
    machine_resume(&next->arch);
}

/* Nothing to run: serve what interrupts bring, halted in between. */
static void idle_loop(void) noreturn;
static void idle_loop(void)
{
    struct run_queue *q = &this_cpu(run_queue);

    WRITE_ONCE(q->idle_since_ns, machine_now_ns());
    for (;;) {
        struct vcpu *next;

        if (cpu_take_work() & WORK_TIMER)
            timer_run();
        if (q->loaded && must_unload(q->loaded, q->cpu))
            evict(q, q->loaded);
        next = pick(q);
        if (!next) {
            atomic_or(&sched.idle_cpus, BIT(q->cpu));
            if (steal(q, 0))
                next = pick(q);
        }
        if (next)
            run(q, NULL, next);
        if (READ_ONCE(this_cpu(cpu_work)) == 0)
            machine_idle();
    }
}

void sched_switch(void)
{
    struct run_queue *q = &this_cpu(run_queue);
    struct vcpu *prev = current, *next;

    if (prev) {
        deschedule(q, prev);
        /* Whatever happens from here on happens to no vCPU, until run(). */
        current = NULL;
        if (must_unload(prev, q->cpu))
            evict(q, prev);
    }
    next = pick(q);
    if (next)
        run(q, prev, next);
    machine_run(idle_loop);
}

/* ---- control ------------------------------------------------------------------------------- */

uint64_t sched_idle_ns(unsigned cpu)
{
    struct run_queue *q = queue_of(cpu);
    uint64_t since, ns;

    lock_take(&q->lock);
    since = READ_ONCE(q->idle_since_ns);
    ns = q->idle_ns + (since ? machine_now_ns() - since : 0);
    lock_drop(&q->lock);
    return ns;
}

int sched_set_affinity(struct vcpu *v, uint64_t cpus, uint64_t preferred)
{
    struct run_queue *q;
    bool is_loaded;

    if ((cpus & sched_cpus_up()) == 0)
        return -EINVAL;
    q = queue_lock(v);
    v->affinity = cpus;
    v->preferred = preferred;
    is_loaded = v->running;
    lock_drop(&q->lock);
    if (is_loaded)
        cpu_set_work(q->cpu, WORK_SCHEDULE);
    else if (!(cpus & BIT(q->cpu)))
        rehome(q, v, q->cpu);
    return 0;
}

void sched_print(void)
{
    for (unsigned cpu = 0; cpu < machine_nr_cpus(); cpu++) {
        struct run_queue *q = queue_of(cpu);

        lock_take(&q->lock);
        log_error("cpu %u: %u ready, floor %lu, idle %lu ms%s", cpu, q->nr_ready, q->floor,
                  q->idle_ns / 1000000, q->loaded && !q->active ? ", state kept loaded" : "");
        if (q->active)
            log_error("  runs d%uv%u vtime %lu", q->active->domain->id, q->active->id,
                      q->active->vtime);
        for (struct vcpu *v = q->ready; v; v = v->next_ready)
            log_error("  d%uv%u vtime %lu weight %u", v->domain->id, v->id, v->vtime,
                      v->domain->weight);
        lock_drop(&q->lock);
    }
}

static void slice_fire(struct timer *timer)
{
    struct run_queue *q = container_of(timer, struct run_queue, slice);

    q->slice_ended = true;
    cpu_set_work(q->cpu, WORK_SCHEDULE);
}

static void poll_fire(struct timer *timer)
{
    struct vcpu *v = container_of(timer, struct vcpu, poll_timer);

    /* A deadline that outlived its poll must not end a later block. */
    if (READ_ONCE(v->polling))
        sched_unblock(v);
}

/* ---- life cycle ---------------------------------------------------------------------------- */

void sched_vcpu_init(struct vcpu *v)
{
    v->affinity = v->preferred = ~UINT64_C(0);
    v->cpu = (uint16_t)((v->domain->id + v->id) % machine_nr_cpus());
    v->vtime = READ_ONCE(queue_of(v->cpu)->floor);
    v->state = VCPU_OFFLINE;
    v->state_since_ns = machine_now_ns();
    timer_init(&v->poll_timer, poll_fire);
    timer_init(&v->cap_timer, cap_fire);
}

void sched_vcpu_remove(struct vcpu *v)
{
    timer_stop(&v->poll_timer);
    timer_stop(&v->cap_timer);
    for (unsigned cpu = 0; cpu < machine_nr_cpus(); cpu++)
        while (READ_ONCE(queue_of(cpu)->moving) == v)
            machine_relax();
    BUG_ON(v->running || v->queued);
}

void sched_init(void)
{
    for (unsigned cpu = 0; cpu < machine_nr_cpus(); cpu++) {
        struct run_queue *q = queue_of(cpu);

        *q = (struct run_queue){ .cpu = cpu };
        lock_init(&q->lock, LOCK_SCHED);
        timer_init(&q->slice, slice_fire);
        q->slice.cpu = (uint16_t)cpu;
    }
    atomic_write(&sched.is_ready, true);
}

void upcall_cpu_ready(void)
{
    /* Processors start before the boot CPU knows how many queues to make. */
    while (!atomic_read(&sched.is_ready))
        machine_relax();
    machine_run(idle_loop);
}
