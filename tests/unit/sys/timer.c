/* SPDX-License-Identifier: MIT */
/*
 * Deadlines against a plain array that is searched: random setting, stopping and moving of many
 * timers on two CPUs; each must fire exactly when due, on its CPU, in order of time.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sys/percpu.h"

/* Two CPUs in one program: per-CPU variables of the code under test are arrays here. */
#undef PER_CPU
#undef this_cpu
#undef cpu_of
#define PER_CPU(type, name)                                                                        \
    type sim_##name[CPUS];                                                                         \
    static __attribute__((unused)) type percpu_##name
#define cpu_of(cpu, name)        (sim_##name[cpu])
#define this_cpu(name)           (sim_##name[sim_cpu])
#define machine_cpu_id()         sim_cpu
#define machine_nr_cpus()        CPUS
#define machine_relax()          relax()
static void relax(void);
#define machine_now_ns()         sim_now
#define machine_set_deadline(ns) (sim_deadline[sim_cpu] = (ns))

#define CPUS   2
#define TIMERS 300

static unsigned sim_cpu;
static uint64_t sim_now, sim_deadline[CPUS];
static uint32_t sim_work[CPUS];

void cpu_set_work(unsigned cpu, uint32_t bits)
{
    sim_work[cpu] |= bits;
}

/* The code under test, with the names above. */
#include "../../../hypervisor/sys/timer.c"
#include "../suite.h"

static struct expectation {
    struct timer timer;
    uint64_t due; /* UINT64_MAX: not set */
    unsigned cpu, fired;
} model[TIMERS];
static uint64_t last_due;
static bool rearm;

static void fire(struct timer *timer)
{
    struct expectation *e = container_of(timer, struct expectation, timer);

    ck_assert_uint_eq(e->cpu, sim_cpu);
    ck_assert_uint_le(e->due, sim_now);
    ck_assert_uint_ge(e->due, last_due); /* earlier ones came first */
    last_due = e->due;
    e->due = UINT64_MAX;
    e->fired++;
    if (rearm && e->fired % 3 == 0) {
        e->due = sim_now + 5;
        timer_set(timer, e->cpu, e->due);
    }
}

/* The other CPU's fire() ends while this one waits for it. */
static unsigned waits;
static void relax(void)
{
    waits++;
    sim_deadlines[1].running = NULL;
}

static void setup(void)
{
    sim_now = 1000;
    sim_cpu = 0;
    rearm = false;
    memset(sim_work, 0, sizeof(sim_work));
    for (unsigned i = 0; i < CPUS; i++) {
        sim_deadlines[i] = (struct deadlines){ .programmed_ns = UINT64_MAX };
        lock_init(&sim_deadlines[i].lock, LOCK_TIMER);
        sim_deadline[i] = UINT64_MAX;
    }
    for (unsigned i = 0; i < TIMERS; i++) {
        timer_init(&model[i].timer, fire);
        model[i].due = UINT64_MAX;
        model[i].fired = 0;
        model[i].cpu = 0;
    }
}

/* What a CPU does: an interrupt at the programmed time, then the exit path. */
static void serve(unsigned cpu)
{
    sim_cpu = cpu;
    last_due = 0;
    if (sim_deadline[cpu] <= sim_now) {
        sim_deadline[cpu] = UINT64_MAX;
        upcall_deadline();
    }
    if (sim_work[cpu] & WORK_TIMER) {
        sim_work[cpu] = 0;
        timer_run();
    }
}

static void nothing_overdue(void)
{
    for (unsigned i = 0; i < TIMERS; i++) {
        /* Plain comparisons: each of Check's own writes to its log. */
        if (model[i].due <= sim_now)
            ck_abort_msg("timer %u is overdue", i);
        if (model[i].timer.is_set != (model[i].due != UINT64_MAX))
            ck_abort_msg("timer %u: is_set is %d", i, model[i].timer.is_set);
    }
}

static void random_step(void)
{
    struct expectation *e = &model[rand() % TIMERS];

    sim_cpu = (unsigned)rand() % CPUS;
    switch (rand() % 8) {
    case 0:
    case 1:
    case 2:
    case 3:
        e->cpu = (unsigned)rand() % CPUS;
        e->due = sim_now - 10 + (unsigned)rand() % 2000;
        timer_set(&e->timer, e->cpu, e->due);
        break;
    case 4:
        timer_stop(&e->timer);
        e->due = UINT64_MAX;
        break;
    case 5:
        e->cpu = (unsigned)rand() % CPUS;
        timer_migrate(&e->timer, e->cpu);
        break;
    default:
        sim_now += (unsigned)rand() % 60;
    }
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
        serve(cpu);
    nothing_overdue();
}

START_TEST(fires_exactly_when_due)
{
    srand(7);
    for (int i = 0; i < 60000; i++)
        random_step();
}
END_TEST

START_TEST(may_be_set_again_while_firing)
{
    srand(8);
    rearm = true;
    for (int i = 0; i < 30000; i++)
        random_step();
}
END_TEST

START_TEST(programs_only_earlier_deadlines)
{
    timer_set(&model[0].timer, 0, 5000);
    ck_assert_uint_eq(sim_deadline[0], 5000);
    timer_set(&model[1].timer, 0, 6000);
    ck_assert_uint_eq(sim_deadline[0], 5000);
    timer_set(&model[2].timer, 0, 4000);
    ck_assert_uint_eq(sim_deadline[0], 4000);
    /* A stop leaves the hardware alone: it comes too early and finds the next one. */
    timer_stop(&model[2].timer);
    ck_assert_uint_eq(sim_deadline[0], 4000);
    sim_now = 4000;
    model[0].due = 5000;
    serve(0);
    ck_assert_uint_eq(sim_deadline[0], 5000);
    ck_assert_uint_eq(model[0].fired + model[1].fired + model[2].fired, 0);
}
END_TEST

START_TEST(another_cpu_is_told)
{
    timer_set(&model[0].timer, 1, 5000);
    ck_assert_uint_eq(sim_work[1], WORK_TIMER);
    ck_assert_uint_eq(sim_deadline[0], UINT64_MAX);
    model[0].due = 5000;
    model[0].cpu = 1;
    serve(1);
    ck_assert_uint_eq(sim_deadline[1], 5000);
}
END_TEST

/* It fires on CPU 1, but was set on CPU 0 meanwhile: stopping it there waits all the same. */
START_TEST(stop_waits_where_it_ran)
{
    struct timer *timer = &model[0].timer;

    waits = 0;
    sim_deadlines[1].running = timer;
    timer_set(timer, 0, sim_now + 100);
    timer_stop(timer);
    ck_assert_uint_eq(waits, 1);
    ck_assert(!timer->is_set);
}
END_TEST

/* What was stopped does not come back by a move. */
START_TEST(moving_sets_nothing)
{
    struct timer *timer = &model[0].timer;

    timer_set(timer, 0, sim_now + 100);
    timer_migrate(timer, 1);
    ck_assert(timer->is_set && sim_deadlines[1].top == timer && !sim_deadlines[0].top);
    timer_stop(timer);
    timer_migrate(timer, 0);
    ck_assert(!timer->is_set && !sim_deadlines[0].top && !sim_deadlines[1].top);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sys/timer");
    TCase *tests = tcase_create("timer");

    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, fires_exactly_when_due);
    tcase_add_test(tests, may_be_set_again_while_firing);
    tcase_add_test(tests, programs_only_earlier_deadlines);
    tcase_add_test(tests, another_cpu_is_told);
    tcase_add_test(tests, stop_waits_where_it_ran);
    tcase_add_test(tests, moving_sets_nothing);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
