/* SPDX-License-Identifier: MIT */
/*
 * How long can a guest keep a CPU in the hypervisor between two looks at pending work? The compiler
 * calls a counter at every basic block; random runs (as tests/fuzz/hypercall makes them, without
 * switching CPUs) tell the longest stretch of blocks from ring 3 to a preemption point or back to
 * ring 3, and the call that took it. A block has about five instructions.
 *
 *     fuzz-work CALLS LIMIT      status 1 if a stretch is longer than LIMIT blocks
 */
#include "../hypercall/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

static struct {
    uint64_t blocks, longest, seed, step;
    uint64_t by_number[64]; /* the longest of each hypercall */
    struct call call, longest_call;
} work;

__attribute__((no_sanitize_coverage)) void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
    work.blocks++;
}

static void stretch_end(void)
{
    if (work.call.number < 64 && work.blocks > work.by_number[work.call.number])
        work.by_number[work.call.number] = work.blocks;
    if (work.blocks > work.longest) {
        work.longest = work.blocks;
        work.longest_call = work.call;
        work.step = run_step;
    }
    work.blocks = 0;
}

/* Where preempt_pending() looks. */
void __real_machine_interrupt_window(void);
void __wrap_machine_interrupt_window(void);
void __wrap_machine_interrupt_window(void)
{
    stretch_end();
    __real_machine_interrupt_window();
    work.blocks = 0;
}

/* Debug builds audit the machine when a domain ends; nobody else pays for that. */
bool __wrap_audit(void);
bool __wrap_audit(void)
{
    return true;
}

static void note(const struct call *call, const struct vcpu *v)
{
    if (v) {
        stretch_end();
    } else {
        work.call = *call;
        work.blocks = 0;
    }
}

int main(int argc, char **argv)
{
    const struct run_options options = { .audit_every = 1000000, .steps_max = 2000 };
    uint64_t calls = 0, wanted = argc > 1 ? strtoull(argv[1], NULL, 0) : 100000;
    uint64_t limit = argc > 2 ? strtoull(argv[2], NULL, 0) : UINT64_MAX;

    run_note = note;
    for (uint64_t seed = 1; calls < wanted; seed++) {
        uint64_t before = work.longest;

        input = (struct input){ .random = seed * UINT64_C(0x2545f4914f6cdd1d),
                                .schedule = seed << 20, .give_way_bits = 63 };
        calls += run(&options);
        if (work.longest > before)
            work.seed = seed;
    }
    printf("work: %lu calls; longest stretch %lu blocks: call %lu (%lx %lx %lx %lx), seed %lu step "
           "%lu\n", (unsigned long)calls, (unsigned long)work.longest,
           (unsigned long)work.longest_call.number, (unsigned long)work.longest_call.arg[0],
           (unsigned long)work.longest_call.arg[1], (unsigned long)work.longest_call.arg[2],
           (unsigned long)work.longest_call.arg[3], (unsigned long)work.seed,
           (unsigned long)work.step);
    for (unsigned i = 0; i < 64; i++)
        if (work.by_number[i] > 10000)
            printf("work: call %u: %lu blocks\n", i, (unsigned long)work.by_number[i]);
    return work.longest > limit;
}
