/* SPDX-License-Identifier: MIT */
/*
 * The scheduler on simulated CPUs: the real code of core/sched.c and sys/timer.c runs in virtual
 * time. A vCPU computes for `burst` ns, then blocks for `sleep` ns; without a burst it computes for
 * ever. machine_resume() and machine_idle() jump back to the simulation, which moves time to the
 * next event. After each event it holds that no vCPU is loaded on two CPUs or runs where it may
 * not.
 */
#include <check.h>
#include <setjmp.h>
#include <stdlib.h>

#include "core/domain.h"
#include "core/sched.h"
#include "core/time.h"

/* Several CPUs in one program: per-CPU variables of the code under test are arrays here. */
#undef PER_CPU
#undef DECLARE_PER_CPU
#undef this_cpu
#undef cpu_of
#define CPUS_SIM 4
#define PER_CPU(type, name)                                                                        \
    type sim_##name[CPUS_SIM];                                                                     \
    static __attribute__((unused)) type percpu_##name
#define DECLARE_PER_CPU(type, name) extern type sim_##name[CPUS_SIM]
#define cpu_of(cpu, name)           (sim_##name[cpu])
#define this_cpu(name)              (sim_##name[sim_cpu])
#define machine_cpu_id()            sim_cpu
#define machine_nr_cpus()           sim_cpus
#define machine_now_ns()            sim_now
#define machine_set_deadline(ns)    (sim_deadline[sim_cpu] = (ns))

#define machine_relax()             relax()

static void relax(void);

#define MS    UINT64_C(1000000)
#define US    UINT64_C(1000)
#define NEVER UINT64_MAX

static unsigned sim_cpu, sim_cpus;
static uint64_t sim_now, sim_deadline[CPUS_SIM];
static struct vcpu *sim_current_vcpu[CPUS_SIM], *sim_loaded[CPUS_SIM];
static uint32_t sim_cpu_work[CPUS_SIM];
static jmp_buf sim_back;

static struct guest {
    struct vcpu v;
    struct domain d;
    uint64_t burst, sleep, left, wake_at;
    uint64_t ran, woken_at, latency_max;
    unsigned loads;
} guest[12];
static unsigned nr_guests;

static struct guest *guest_of(struct guest_cpu *g)
{
    return container_of(g, struct guest, v.arch);
}

/* ---- the machine --------------------------------------------------------------------------- */

static void machine_guest_load(struct guest_cpu *g)
{
    for (unsigned i = 0; i < CPUS_SIM; i++)
        ck_assert(sim_loaded[i] != &guest_of(g)->v);
    sim_loaded[sim_cpu] = &guest_of(g)->v;
    guest_of(g)->loads++;
}
static void machine_guest_save(struct guest_cpu *g)
{
    ck_assert(sim_loaded[sim_cpu] == &guest_of(g)->v);
    sim_loaded[sim_cpu] = NULL;
}
static void machine_guest_none(void)
{
    ck_assert(!sim_loaded[sim_cpu]);
}
#define machine_load_cr3(g) ((void)(g))
static void noreturn machine_resume(struct guest_cpu *g)
{
    ck_assert(sim_loaded[sim_cpu] == &guest_of(g)->v);
    ck_assert(sim_current_vcpu[sim_cpu] == &guest_of(g)->v);
    longjmp(sim_back, 1);
}
static void machine_idle(void)
{
    ck_assert(!sim_current_vcpu[sim_cpu]);
    longjmp(sim_back, 1);
}
static void noreturn machine_run(void (*loop)(void))
{
    loop();
    abort();
}
void cpu_set_work(unsigned cpu, uint32_t bits)
{
    sim_cpu_work[cpu] |= bits;
}
uint32_t cpu_take_work(void)
{
    uint32_t bits = sim_cpu_work[sim_cpu];

    sim_cpu_work[sim_cpu] = 0;
    return bits;
}

/* ---- neighbours that play no part here ----------------------------------------------------- */

bool vcpu_event_deliverable(const struct vcpu *v)
{
    (void)v;
    return false;
}
int evtchn_is_pending(struct domain *d, evtchn_port_t port)
{
    (void)d;
    return port == 1;
}
void time_update_vcpu(struct vcpu *v)
{
    (void)v;
}

/* The code under test, with the names above. */
#include "../../../hypervisor/core/run_queue.c"
#include "../suite.h"
#include "../../../hypervisor/core/sched.c"
#include "../../../hypervisor/core/sched_guest.c"
#include "../../../hypervisor/sys/timer.c"

/* ---- the simulation ------------------------------------------------------------------------ */

static void start(unsigned cpus)
{
    sim_cpus = cpus;
    sim_cpu = 0;
    sim_now = 1000 * MS;
    nr_guests = 0;
    sched.idle_cpus = 0;
    for (unsigned i = 0; i < CPUS_SIM; i++) {
        sim_current_vcpu[i] = sim_loaded[i] = NULL;
        sim_cpu_work[i] = WORK_SCHEDULE;
        sim_deadline[i] = NEVER;
        sim_deadlines[i] = (struct deadlines){ .programmed_ns = NEVER };
        lock_init(&sim_deadlines[i].lock, LOCK_TIMER);
    }
    sched_init();
}

static struct guest *add_on(unsigned cpu, uint16_t weight, uint64_t burst, uint64_t sleep)
{
    struct guest *g = &guest[nr_guests];

    *g = (struct guest){ .burst = burst, .sleep = sleep, .left = burst, .wake_at = NEVER };
    g->d.id = (domid_t)nr_guests++;
    g->d.weight = weight;
    g->d.vcpus_max = 1;
    g->d.vcpu[0] = &g->v;
    g->v.domain = &g->d;
    sched_vcpu_init(&g->v);
    g->v.cpu = (uint16_t)cpu;
    sched_wake(&g->v);
    return g;
}

static struct guest *add(uint16_t weight, uint64_t burst, uint64_t sleep)
{
    return add_on(nr_guests % sim_cpus, weight, burst, sleep);
}

static void consistent(void)
{
    for (unsigned i = 0; i < nr_guests; i++) {
        const struct vcpu *v = &guest[i].v;
        unsigned loaded = 0;

        for (unsigned cpu = 0; cpu < sim_cpus; cpu++) {
            if (sim_loaded[cpu] == v) {
                loaded++;
                if (v->cpu != cpu || !v->running)
                    ck_abort_msg("vCPU %u is loaded on cpu %u but not said to be", i, cpu);
            }
            if (sim_current_vcpu[cpu] == v && (v->paused || !(v->affinity & BIT(cpu))))
                ck_abort_msg("vCPU %u runs on cpu %u though it must not", i, cpu);
        }
        if (loaded != (v->running ? 1u : 0u))
            ck_abort_msg("vCPU %u is loaded %u times", i, loaded);
        if (is_runnable(v) && !v->queued && queue_of(v->cpu)->active != v)
            ck_abort_msg("vCPU %u is runnable and forgotten", i);
    }
}

static void enter(void (*hypervisor)(void))
{
    if (!setjmp(sim_back))
        hypervisor();
}

/* All CPUs do what they were told, until nobody has anything to do. */
static void settle(void)
{
    bool busy = true;

    for (unsigned round = 0; busy; round++) {
        if (round > 100)
            ck_abort_msg("the CPUs keep each other busy for ever");
        busy = false;
        for (sim_cpu = 0; sim_cpu < sim_cpus; sim_cpu++) {
            uint32_t work;

            if (!sim_cpu_work[sim_cpu])
                continue;
            busy = true;
            if (!sim_current_vcpu[sim_cpu]) {
                enter(idle_loop);
                continue;
            }
            work = cpu_take_work();
            if (work & WORK_TIMER)
                timer_run();
            if ((work | cpu_take_work()) & WORK_SCHEDULE)
                enter(sched_switch);
        }
    }
    sim_cpu = 0;
    consistent();
}

static uint64_t next_event(uint64_t end)
{
    for (unsigned cpu = 0; cpu < sim_cpus; cpu++) {
        const struct vcpu *v = sim_current_vcpu[cpu];
        const struct guest *g = v ? container_of(v, struct guest, v) : NULL;

        end = MIN(end, MAX(sim_deadline[cpu], sim_now));
        if (g && g->burst)
            end = MIN(end, sim_now + g->left);
    }
    for (unsigned i = 0; i < nr_guests; i++)
        end = MIN(end, MAX(guest[i].wake_at, sim_now));
    return end;
}

static void advance(uint64_t to)
{
    for (unsigned cpu = 0; cpu < sim_cpus; cpu++) {
        struct vcpu *v = sim_current_vcpu[cpu];
        struct guest *g = v ? container_of(v, struct guest, v) : NULL;

        if (!g)
            continue;
        g->ran += to - sim_now;
        g->left -= MIN(g->left, to - sim_now);
        if (g->woken_at) {
            g->latency_max = MAX(g->latency_max, sim_now - g->woken_at);
            g->woken_at = 0;
        }
    }
    sim_now = to;
}

static void events(void)
{
    for (sim_cpu = 0; sim_cpu < sim_cpus; sim_cpu++) {
        struct vcpu *v = sim_current_vcpu[sim_cpu];
        struct guest *g = v ? container_of(v, struct guest, v) : NULL;

        if (sim_deadline[sim_cpu] <= sim_now) {
            sim_deadline[sim_cpu] = NEVER;
            upcall_deadline();
        }
        if (g && g->burst && !g->left) {
            v->blocked = true;
            cpu_set_work(sim_cpu, WORK_SCHEDULE);
            g->left = g->burst;
            g->wake_at = sim_now + g->sleep;
        }
    }
    for (unsigned i = 0; i < nr_guests; i++) {
        if (guest[i].wake_at <= sim_now) {
            sim_cpu = i % sim_cpus; /* an interrupt there brought the event */
            guest[i].wake_at = NEVER;
            guest[i].woken_at = sim_now;
            sched_unblock(&guest[i].v);
        }
    }
    sim_cpu = 0;
}

static void run_for(uint64_t ns)
{
    uint64_t end = sim_now + ns;

    settle();
    while (sim_now < end) {
        advance(next_event(end));
        events();
        settle();
    }
}

/* g ran for `percent` of one CPU during `ns`, give or take 3 %. */
static void ran(const struct guest *g, uint64_t ns, unsigned percent)
{
    uint64_t got = g->ran * 1000 / ns;

    ck_assert_msg(got + 30 >= percent * 10 && got <= percent * 10 + 30,
                  "vCPU %u ran %lu.%lu %% instead of %u %%", g->d.id, got / 10, got % 10, percent);
}

/* ---- tests --------------------------------------------------------------------------------- */

START_TEST(shares_by_weight)
{
    struct guest *a, *b, *c;

    start(1);
    a = add(256, 0, 0);
    b = add(512, 0, 0);
    c = add(256, 0, 0);
    run_for(4000 * MS);
    ran(a, 4000 * MS, 25);
    ran(b, 4000 * MS, 50);
    ran(c, 4000 * MS, 25);
}
END_TEST

START_TEST(three_rotate_over_two_cpus)
{
    start(2);
    for (int i = 0; i < 3; i++)
        add(256, 0, 0);
    run_for(6000 * MS);
    for (int i = 0; i < 3; i++)
        ran(&guest[i], 6000 * MS, 67);
}
END_TEST

START_TEST(idle_cpus_take_work)
{
    start(4);
    for (int i = 0; i < 4; i++)
        add_on(0, 256, 0, 0);
    run_for(100 * MS);
    for (int i = 0; i < 4; i++)
        ran(&guest[i], 100 * MS, 100);
}
END_TEST

START_TEST(sleepers_wake_at_once)
{
    struct guest *sleeper;

    start(1);
    add(256, 0, 0);
    sleeper = add(256, 100 * US, 3 * MS);
    run_for(3000 * MS);
    ck_assert_uint_gt(sleeper->ran, 80 * MS);
    /* The first wake-up may wait for a slice; credit for sleeping is there from then on. */
    sleeper->latency_max = 0;
    run_for(3000 * MS);
    ck_assert_uint_le(sleeper->latency_max, MS);
}
END_TEST

START_TEST(sleeping_saves_no_shares)
{
    struct guest *computing, *late;

    start(1);
    computing = add(256, 0, 0);
    late = add(256, 1, 2000 * MS);
    run_for(1000 * MS);
    late->burst = 0;
    late->wake_at = sim_now;
    computing->ran = late->ran = 0;
    run_for(1000 * MS);
    ran(computing, 1000 * MS, 50);
    ran(late, 1000 * MS, 50);
}
END_TEST

START_TEST(cap_holds_on_an_idle_cpu)
{
    struct guest *g;

    start(1);
    g = add(256, 0, 0);
    g->d.cap = 25;
    run_for(3000 * MS);
    ran(g, 3000 * MS, 25);
}
END_TEST

START_TEST(blocking_reloads_nothing)
{
    struct guest *g;

    start(2);
    g = add(256, 50 * US, 50 * US);
    run_for(100 * MS);
    ck_assert_uint_eq(g->loads, 1);
    ck_assert_uint_gt(g->ran, 40 * MS);
}
END_TEST

START_TEST(pause_stops_and_unloads)
{
    struct guest *g;
    uint64_t before;

    start(2);
    g = add(256, 0, 0);
    run_for(10 * MS);
    atomic_or(&g->v.paused, VCPU_PAUSED_DOMAIN);
    sched_sleep(&g->v, false);
    settle();
    ck_assert(!g->v.running);
    ck_assert_int_eq(g->v.state, VCPU_OFFLINE);
    before = g->ran;
    run_for(10 * MS);
    ck_assert_uint_eq(g->ran, before);
    atomic_and(&g->v.paused, ~VCPU_PAUSED_DOMAIN);
    sched_wake(&g->v);
    run_for(10 * MS);
    ck_assert_uint_eq(g->ran, before + 10 * MS);
}
END_TEST

START_TEST(accounting_adds_up)
{
    struct vcpu_runstate_info info;
    uint64_t sum = 0;

    start(1);
    add(256, 0, 0);
    add(256, 300 * US, 700 * US);
    run_for(500 * MS);
    sched_runstate(&guest[1].v, &info);
    for (unsigned i = 0; i < 4; i++)
        sum += info.time[i];
    ck_assert_uint_eq(sum, 500 * MS);
    ck_assert_uint_eq(info.time[RUNSTATE_running], guest[1].ran);
}
END_TEST

START_TEST(random_life)
{
    srand(3);
    start(3);
    for (unsigned i = 0; i < 10; i++)
        add((uint16_t)(64 << rand() % 4), i % 3 ? (unsigned)rand() % (2 * MS) + 1 : 0, MS);
    for (int i = 0; i < 20000; i++) {
        struct guest *g = &guest[rand() % 10];

        switch (rand() % 4) {
        case 0:
            atomic_or(&g->v.paused, VCPU_PAUSED_DOMAIN);
            sched_sleep(&g->v, false);
            break;
        case 1:
            atomic_and(&g->v.paused, ~VCPU_PAUSED_DOMAIN);
            sched_wake(&g->v);
            break;
        case 2:
            ck_assert_int_eq(sched_set_affinity(&g->v, 1 + (unsigned)rand() % 7,
                                                (unsigned)rand() % 8),
                             0);
            break;
        default:
            g->d.cap = rand() % 2 ? 0 : 30;
        }
        run_for((unsigned)rand() % MS);
    }
    ck_assert_int_ne(sched_set_affinity(&guest[0].v, BIT(5), 1), 0);
}
END_TEST

/* One that came just before the vCPU blocked would wait for as long as it. */
START_TEST(does_not_block_before_an_nmi)
{
    struct trap_info traps[TRAP_NMI + 1] = { [TRAP_NMI] = { .address = 0x1000 } };
    struct vcpu_info info = { .evtchn_upcall_mask = 1 };
    struct guest *g;

    start(1);
    g = add(256, 0, 0);
    run_for(MS);
    g->v.arch.info = &info;
    g->v.arch.traps = traps;
    g->v.nmi_pending = true;
    sched_block();
    ck_assert(!g->v.blocked);
    traps[TRAP_NMI].address = 0; /* nobody would take it */
    sched_block();
    ck_assert(g->v.blocked);
}
END_TEST

START_TEST(polls)
{
    evtchn_port_t ports[2] = { 2, 1 };
    struct guest *g;

    start(1);
    g = add(256, 0, 0);
    run_for(MS);
    /* Port 1 is pending, port 2 is not; a deadline in the past does not wait. */
    ck_assert_int_eq(sched_poll(&g->v, ports, 2, 0), 0);
    ck_assert(!g->v.blocked);
    ck_assert_int_eq(sched_poll(&g->v, ports, 1, sim_now - 1), 0);
    ck_assert(!g->v.blocked);
    ck_assert_int_eq(sched_poll(&g->v, ports, 1, sim_now + 2 * MS), 0);
    ck_assert(g->v.blocked && g->v.polling);
    g->ran = 0;
    run_for(5 * MS);
    ck_assert(!g->v.blocked && !g->v.polling);
    ck_assert_uint_eq(g->ran, 3 * MS);
}
END_TEST

/* CPU 1 has unloaded it and looks for a place to put it: it is not freed under its hands. */
static unsigned waits;
static void relax(void)
{
    waits++;
    queue_of(1)->moving = NULL;
}

START_TEST(removal_waits_for_who_moves_it)
{
    struct guest *g;

    start(2);
    g = add_on(1, 256, 0, 0);
    run_for(MS);
    atomic_or(&g->v.paused, VCPU_PAUSED_DYING);
    sched_sleep(&g->v, false);
    settle();
    for (unsigned cpu = 0; cpu < 2; cpu++)
        ck_assert_ptr_null(queue_of(cpu)->moving);
    queue_of(1)->moving = &g->v;
    waits = 0;
    sched_vcpu_remove(&g->v);
    ck_assert_uint_eq(waits, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/sched");
    TCase *tests = tcase_create("sched");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, shares_by_weight);
    tcase_add_test(tests, three_rotate_over_two_cpus);
    tcase_add_test(tests, idle_cpus_take_work);
    tcase_add_test(tests, sleepers_wake_at_once);
    tcase_add_test(tests, sleeping_saves_no_shares);
    tcase_add_test(tests, cap_holds_on_an_idle_cpu);
    tcase_add_test(tests, blocking_reloads_nothing);
    tcase_add_test(tests, pause_stops_and_unloads);
    tcase_add_test(tests, accounting_adds_up);
    tcase_add_test(tests, random_life);
    tcase_add_test(tests, does_not_block_before_an_nmi);
    tcase_add_test(tests, polls);
    tcase_add_test(tests, removal_waits_for_who_moves_it);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
