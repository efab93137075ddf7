/* SPDX-License-Identifier: MIT */
/*
 * How long can a guest keep a CPU in the hypervisor between two looks at pending work? The
 * hypervisor's own code, compiled as for a release, counts its instructions (count.py); random runs
 * as tests/fuzz/hypercall makes them, without switching CPUs, and the heaviest calls there are
 * (heavy.c) tell the longest stretch from ring 3 to a preemption point or to ring 3 again, and the
 * call that took it. Not counted: x86/ (entry, copies and clearing by string instructions).
 *
 *     fuzz-work CALLS [LIMIT [SEED]]     status 1 if a stretch is longer than LIMIT instructions
 */
#include "work.h"

#include <stdio.h>
#include <stdlib.h>

uint64_t work_instructions; /* count.py */

static struct {
    const char *what; /* NULL: random runs */
    struct call call, longest_call;
    const char *longest_what;
    uint64_t longest, longest_here, seed, longest_seed, step;
    uint64_t kept[SIM_CPUS]; /* of one that waits inside */
    uint64_t by_number[64];  /* the longest of each hypercall */
} work;

static void stretch_end(void)
{
    if (work.what && work.call.number == NO_CALL)
        work_instructions = 0; /* the driver's preparations */
    if (work_instructions > work.longest_here)
        work.longest_here = work_instructions;
    if (work.call.number < 64 && work_instructions > work.by_number[work.call.number])
        work.by_number[work.call.number] = work_instructions;
    if (work_instructions > work.longest) {
        work.longest = work_instructions;
        work.longest_call = work.call;
        work.longest_what = work.what;
        work.longest_seed = work.seed;
        work.step = run_step;
    }
    work_instructions = 0;
}

/* Where preempt_pending() looks. */
void __real_machine_interrupt_window(void);
void __wrap_machine_interrupt_window(void);
void __wrap_machine_interrupt_window(void)
{
    stretch_end();
    __real_machine_interrupt_window();
    work_instructions = 0;
}

/* From ring 3, or the idle loop, to there again. */
void __real_sim_step(unsigned cpu, void (*action)(struct vcpu *v, void *arg), void *arg);
void __wrap_sim_step(unsigned cpu, void (*action)(struct vcpu *v, void *arg), void *arg);
void __wrap_sim_step(unsigned cpu, void (*action)(struct vcpu *v, void *arg), void *arg)
{
    work_instructions = work.kept[cpu];
    if (sim.cpu[cpu].state != SIM_BUSY)
        work_instructions = 0;
    __real_sim_step(cpu, action, arg);
    work.kept[cpu] = work_instructions;
    if (sim.cpu[cpu].state != SIM_BUSY)
        stretch_end();
    work.call.number = NO_CALL;
}

/* Debug builds audit the machine when a domain ends; nobody else pays for that. */
bool __wrap_audit(void);
bool __wrap_audit(void)
{
    return true;
}

static void note(const struct call *call, const struct vcpu *v)
{
    if (!v)
        work.call = *call;
}

void work_name(const char *what)
{
    if (work.what)
        printf("work: %7lu instructions: %s\n", (unsigned long)work.longest_here, work.what);
    work.what = what;
    work.longest_here = 0;
    work.call.number = NO_CALL;
}

void work_call(uint64_t number)
{
    stretch_end();
    work.call = (struct call){ .number = number };
    work_instructions = 0;
}

static void report(uint64_t calls)
{
    const struct call *call = &work.longest_call;

    printf("work: %lu random calls; longest stretch %lu instructions: ", (unsigned long)calls,
           (unsigned long)work.longest);
    if (work.longest_what)
        printf("%s\n", work.longest_what);
    else
        printf("call %lu (%lx %lx %lx %lx), seed %lu step %lu\n", (unsigned long)call->number,
               (unsigned long)call->arg[0], (unsigned long)call->arg[1],
               (unsigned long)call->arg[2], (unsigned long)call->arg[3],
               (unsigned long)work.longest_seed, (unsigned long)work.step);
    for (unsigned i = 0; i < ARRAY_SIZE(work.by_number); i++)
        if (work.by_number[i] > 20000)
            printf("work: call %u: %lu instructions\n", i, (unsigned long)work.by_number[i]);
}

static uint64_t random_runs(uint64_t wanted, uint64_t first)
{
    const struct run_options options = { .audit_every = 1000000, .steps_max = 2000 };
    uint64_t calls = 0;

    run_note = note;
    for (work.seed = first; calls < wanted; work.seed++) {
        input = (struct input){ .random = work.seed * UINT64_C(0x2545f4914f6cdd1d),
                                .schedule = work.seed << 20,
                                .give_way_bits = 63 };
        calls += run(&options);
    }
    return calls;
}

int main(int argc, char **argv)
{
    uint64_t wanted = argc > 1 ? strtoull(argv[1], NULL, 0) : 100000;
    uint64_t limit = argc > 2 ? strtoull(argv[2], NULL, 0) : UINT64_MAX;
    uint64_t first = argc > 3 ? strtoull(argv[3], NULL, 0) : 1;

    heavy_run();
    report(random_runs(wanted, first));
    return work.longest > limit;
}
