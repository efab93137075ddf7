/* SPDX-License-Identifier: MIT */
/*
 * Runs without a byte fuzzer: files one after the other, or random runs by seed for as long as
 * wanted.
 *
 *     fuzz-hypercall FILE...                        each file once, audit after every step
 *     fuzz-hypercall --calls N [--seed S] [--audit K] [--steps L] [--counts 1]
 *         random runs of L steps from seed S on, an audit every K steps, until N hypercalls are
 *         made. A breach tells its seed; the run is then made again with an audit at each step.
 *
 * --counts 1 adds how often each hypercall was made, and how often with success: what never
 * succeeds is not tested.
 */
#include "fuzz.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
    uint64_t calls, seed, steps;
    unsigned audit;
    const char *self;
} o = { .seed = 1, .audit = 1, .steps = 2000 };

static void seed_set(uint64_t seed)
{
    input = (struct input){ .random = seed * UINT64_C(0x2545f4914f6cdd1d), .schedule = seed << 20,
                            .give_way_bits = seed % 4 ? 4 + seed % 8 : 40 };
}

/* Tell how to see it again; with audits far apart, first look closer. */
static void on_abort(int signal)
{
    (void)signal;
    fprintf(stderr, "seed %lu, --steps %lu, --audit %u, step %lu\n", (unsigned long)o.seed,
            (unsigned long)o.steps, o.audit, (unsigned long)run_step);
    if (o.audit > 1) {
        char seed[32], steps[32];

        snprintf(seed, sizeof(seed), "%lu", (unsigned long)o.seed);
        snprintf(steps, sizeof(steps), "%lu", (unsigned long)run_step + 1);
        execl(o.self, o.self, "--calls", "1", "--seed", seed, "--steps", steps, "--audit", "1",
              (char *)NULL);
    }
    _exit(1);
}

/* ---- counts ---------------------------------------------------------------------------------- */

#define NUMBERS 64
#define SUBS    100
static uint64_t made[NUMBERS][SUBS], good[NUMBERS][SUBS];

static unsigned sub_of(const struct call *call)
{
    const uint32_t *word = (const uint32_t *)(const void *)sim.cpu[sim_running].args;

    switch (call->number) {
    case __HYPERVISOR_mmuext_op: /* of the first element, as far as that is in the window */
    case __HYPERVISOR_platform_op:
    case __HYPERVISOR_sysctl:
    case __HYPERVISOR_domctl:
        return *word % SUBS;
    case __HYPERVISOR_memory_op:
        return (unsigned)call->arg[0] & 63;
    case __HYPERVISOR_vcpu_op:
    case __HYPERVISOR_sched_op:
    case __HYPERVISOR_event_channel_op:
    case __HYPERVISOR_grant_table_op:
    case __HYPERVISOR_xen_version:
    case __HYPERVISOR_physdev_op:
        return (unsigned)(call->arg[0] % SUBS);
    default:
        return 0;
    }
}

/* The status of the first element of a list of grant operations is in the element. */
static bool is_good(const struct call *call, const struct vcpu *v, unsigned sub)
{
    static const uint8_t status[] = { 18, 20, 8, 0, 0, 36 };
    const uint8_t *args = sim.cpu[sim_running].args;

    if ((int64_t)v->arch.regs.rax < 0)
        return false;
    if (call->number == __HYPERVISOR_grant_table_op && sub < sizeof(status) && status[sub])
        return *(const int16_t *)(const void *)(args + status[sub]) == 0;
    return true;
}

static void note(const struct call *call, const struct vcpu *v)
{
    static unsigned sub;

    if (call->number >= NUMBERS)
        return;
    if (!v)
        made[call->number][sub = sub_of(call)]++;
    else
        good[call->number][sub] += is_good(call, v, sub);
}

static void counts_print(void)
{
    for (unsigned i = 0; i < NUMBERS; i++)
        for (unsigned k = 0; k < SUBS; k++)
            if (made[i][k])
                printf("%2u.%-2u %10lu made %10lu with success\n", i, k,
                       (unsigned long)made[i][k], (unsigned long)good[i][k]);
}

/* ---- runs ------------------------------------------------------------------------------------ */

static void random_runs(void)
{
    struct run_options options = { .audit_every = o.audit, .steps_max = o.steps };
    struct timespec start, now;
    uint64_t calls = 0;

    clock_gettime(CLOCK_MONOTONIC, &start);
    for (uint64_t runs = 1; calls < o.calls; runs++, o.seed++) {
        seed_set(o.seed);
        calls += run(&options);
        if (runs % 4096 == 0 || calls >= o.calls) {
            double s;

            clock_gettime(CLOCK_MONOTONIC, &now);
            s = (double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9;
            printf("%lu runs, %lu hypercalls, %.0f a second, next seed %lu\n", (unsigned long)runs,
                   (unsigned long)calls, (double)calls / s, (unsigned long)o.seed + 1);
            fflush(stdout);
        }
    }
}

static int file_run(const char *name)
{
    static uint8_t data[1 << 16];
    FILE *f = fopen(name, "rb");
    size_t n;

    if (!f) {
        perror(name);
        return 1;
    }
    n = fread(data, 1, sizeof(data), f);
    fclose(f);
    (void)fuzz_one(data, n);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option known[] = { { "calls", required_argument, NULL, 'c' },
                                           { "seed", required_argument, NULL, 's' },
                                           { "audit", required_argument, NULL, 'a' },
                                           { "steps", required_argument, NULL, 'l' },
                                           { "counts", required_argument, NULL, 'n' },
                                           { 0 } };
    int c, bad = 0;

    o.self = argv[0];
    while ((c = getopt_long(argc, argv, "", known, NULL)) >= 0) {
        uint64_t value = optarg ? strtoull(optarg, NULL, 0) : 0;

        if (c == 'c')
            o.calls = value;
        else if (c == 's')
            o.seed = value;
        else if (c == 'a')
            o.audit = (unsigned)value ? (unsigned)value : 1;
        else if (c == 'l')
            o.steps = value;
        else if (c == 'n')
            run_note = value ? note : NULL;
        else
            return 2;
    }
    signal(SIGABRT, on_abort);
    if (o.calls)
        random_runs();
    if (run_note)
        counts_print();
    for (int i = optind; i < argc; i++)
        bad |= file_run(argv[i]);
    if (optind < argc)
        printf("%d inputs replayed\n", argc - optind);
    return bad;
}
