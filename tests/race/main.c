/* SPDX-License-Identifier: MIT */
/*
 * Hostile guests on CPUs that run at once, under ThreadSanitizer.
 *
 * Usage: race [--rounds N] [--seconds N] [--seed N] [--actions N]
 *
 * A machine is a child process: it makes its domains, runs rounds of so many actions per CPU, and
 * is audited after each: counts against a recount, translations that a CPU may still use against
 * who may reach what. A machine that dom0 ends makes room for the next. Stops at the first failure.
 */
#include "race.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/audit.h"
#include "fuzz.h"
#include "mm/account.h"

#define MACHINE_ROUNDS    100 /* then a fresh machine */
#define MACHINE_SECONDS   120 /* one that takes longer is stuck */
#define STATUS_FAILED     1

SIM_PER_CPU uint64_t run_calls;
void (*run_note)(const struct call *call, const struct vcpu *v);

static struct {
    unsigned long rounds, seconds, seed, actions;
    unsigned long rounds_left; /* of this machine */
} o = { .rounds = 400, .seed = 1, .actions = 60 };

/* What a machine tells its parent. */
struct report {
    unsigned long rounds, calls;
};
static struct report report;

static void fail(const char *why)
{
    fprintf(stderr, "race: seed %lu, round %lu: %s\n", o.seed, report.rounds, why);
    _exit(STATUS_FAILED);
}

/* ---- actions --------------------------------------------------------------------------------- */

static void input_begin(unsigned cpu)
{
    if (!input.random)
        input.random = (o.seed * SIM_CPUS + cpu + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

void race_act(unsigned cpu)
{
    domid_t id = (domid_t)(1 + (input_begin(cpu), pick(SIM_DOMAINS - 1)));

    (void)__atomic_add_fetch(&report.calls, 1, __ATOMIC_RELAXED);
    (void)sim_access(cpu, (gva_t)pick(24) << PAGE_SHIFT, chance(2)); /* processors look ahead */
    if (sim_vcpu(cpu)->domain->is_control && chance(64))
        sim_step(cpu, tools_destroy, (void *)(uintptr_t)id);
    else
        ring3_step(cpu);
}

/* ---- at rest --------------------------------------------------------------------------------- */

bool race_rest(unsigned *quota)
{
    const char *why = sim_tlb_breach();
    bool shut_down;

    input_begin(0);
    if (why)
        fail(why);
    if (!audit_still())
        fail("the audit fails");
    if (report.rounds == o.rounds_left)
        return false;
    report.rounds++;
    for (domid_t id = 1; id < SIM_DOMAINS; id++)
        if (!tools_know(id, &shut_down))
            tools_make((void *)(uintptr_t)id);
    values_refresh();
    sim_time_pass(UINT64_C(100000000));
    tools_wake(NULL);
    *quota = (unsigned)o.actions;
    return true;
}

/* ---- machines -------------------------------------------------------------------------------- */

static void machine_main(int out) noreturn;
static void machine_main(int out)
{
    alarm(MACHINE_SECONDS);
    race_run();
    if (write(out, &report, sizeof(report)) != sizeof(report))
        fail("cannot report");
    exit(EXIT_SUCCESS); /* ThreadSanitizer makes it a failure if it found something */
}

/* False: it failed. */
static bool machine_run_one(struct report *sum)
{
    struct report got = { 0, 0 };
    int ends[2], status;
    pid_t child;

    if (pipe(ends) || (child = fork()) < 0) {
        perror("race");
        return false;
    }
    if (child == 0)
        machine_main(ends[1]);
    close(ends[1]);
    if (read(ends[0], &got, sizeof(got)) != sizeof(got))
        got.rounds = 0;
    close(ends[0]);
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) ||
        !got.rounds) {
        fprintf(stderr, "race: the machine of seed %lu failed, status %x%s\n", o.seed,
                (unsigned)status,
                WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? ": stuck" : "");
        return false;
    }
    sum->rounds += got.rounds;
    sum->calls += got.calls;
    return true;
}

static void options_read(int argc, char **argv)
{
    const struct {
        const char *name;
        unsigned long *value;
    } known[] = { { "--rounds", &o.rounds }, { "--seconds", &o.seconds }, { "--seed", &o.seed },
                  { "--actions", &o.actions } };

    for (int i = 1; i + 1 < argc; i += 2)
        for (unsigned k = 0; k < ARRAY_SIZE(known); k++)
            if (strcmp(argv[i], known[k].name) == 0)
                *known[k].value = strtoul(argv[i + 1], NULL, 0);
}

int main(int argc, char **argv)
{
    unsigned long machines = 0;
    struct report sum = { 0, 0 };
    time_t start = time(NULL);

    options_read(argc, argv);
    while (o.seconds ? (unsigned long)(time(NULL) - start) < o.seconds : sum.rounds < o.rounds) {
        unsigned long left = o.seconds ? MACHINE_ROUNDS : o.rounds - sum.rounds;

        o.rounds_left = MIN(left, (unsigned long)MACHINE_ROUNDS);
        if (!machine_run_one(&sum))
            return STATUS_FAILED;
        machines++;
        o.seed++;
    }
    printf("race: %lu rounds, %lu actions on %u CPUs at once, %lu machines, %ld s: no race, no "
           "breach\n", sum.rounds, sum.calls, SIM_CPUS, machines, (long)(time(NULL) - start));
    return EXIT_SUCCESS;
}
