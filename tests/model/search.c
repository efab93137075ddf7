/* SPDX-License-Identifier: MIT */
/*
 * The search. A state is kept as what the model observes of it and how it was reached: to go on
 * from it, the machine is put back to its start and the operations on the way are executed again.
 */
#include "search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/audit.h"
#include "core/sched.h"
#include "sys/log.h"

#define BUCKETS   (1u << 18)
#define PATH_MAX_ 64
#define TURNS_MAX 10000

struct state {
    uint32_t parent, next;
    uint16_t op, other; /* other: ran at the same time; NO_OP: none */
    uint16_t switches[2];
    uint8_t scene, bytes;
    uint8_t observed[];
};
#define NO_OP UINT16_MAX

static struct {
    const struct model *model;
    struct state **state;
    uint32_t *bucket;
    uint32_t nr, max;
    uint32_t entered; /* state that the machine is in, but for what guests write; 0: none */
    unsigned long steps, pairs;
    uint64_t points[2]; /* where the two CPUs give way next, counted from the start of a pair */
    unsigned pair_cpu;
} s;

/* ---- executing ------------------------------------------------------------------------------- */

static bool give_way(void)
{
    unsigned i = sim_running == s.pair_cpu ? 0 : 1;

    if (s.model->look)
        s.model->look();
    return s.points[i] && --s.points[i] == 0;
}

static void act(struct vcpu *v, void *op)
{
    s.model->run((unsigned)(uintptr_t)op, v);
}

static void finish(unsigned cpu)
{
    for (unsigned turns = 0; sim.cpu[cpu].state == SIM_BUSY; turns++) {
        if (turns == TURNS_MAX)
            panic("an operation does not end");
        sim_step(cpu, NULL, NULL);
        for (unsigned other = 0; other < SIM_CPUS; other++)
            if (other != cpu && sim.cpu[other].state == SIM_BUSY)
                sim_step(other, NULL, NULL);
    }
}

static void one(unsigned op)
{
    unsigned cpu = s.model->cpu(op);

    s.points[0] = s.points[1] = 0;
    sim_step(cpu, act, (void *)(uintptr_t)op);
    finish(cpu);
}

/* `op` gives way at its point `first`, then `other` runs, giving way at `second` (0: never). */
static void both(unsigned op, unsigned other, uint64_t first, uint64_t second)
{
    s.pair_cpu = s.model->cpu(op);
    s.points[0] = first;
    s.points[1] = second;
    sim_step(s.pair_cpu, act, (void *)(uintptr_t)op);
    sim_step(s.model->cpu(other), act, (void *)(uintptr_t)other);
    finish(s.pair_cpu);
    finish(s.model->cpu(other));
}

/* From here on, `how` it goes on; false: guests cannot have written that here. */
static bool execute(const struct state *how)
{
    if (!s.model->scene(how->op, how->scene))
        return false;
    s.entered = 0;
    if (how->other == NO_OP)
        one(how->op);
    else
        both(how->op, how->other, how->switches[0], how->switches[1]);
    if (s.model->look)
        s.model->look();
    return true;
}

void search_step(unsigned op, unsigned scene)
{
    (void)execute(&(struct state){ .op = (uint16_t)op, .other = NO_OP, .scene = (uint8_t)scene });
}

void search_pair(unsigned op, unsigned other, unsigned scene, uint64_t first, uint64_t second)
{
    (void)execute(&(struct state){ .op = (uint16_t)op,
                                   .other = (uint16_t)other,
                                   .scene = (uint8_t)scene,
                                   .switches = { (uint16_t)first, (uint16_t)second } });
}

static void state_enter(uint32_t i)
{
    uint32_t path[PATH_MAX_], wanted = i;
    unsigned n = 0;

    if (s.entered == wanted)
        return;
    for (; s.state[i]->parent; i = s.state[i]->parent)
        path[n++] = i;
    sim_start();
    while (n-- > 0)
        (void)execute(s.state[path[n]]);
    s.entered = wanted;
}

/* ---- states ---------------------------------------------------------------------------------- */

static void print_step(const struct state *st)
{
    char text[256];

    s.model->print(st->op, text, sizeof(text));
    if (st->other == NO_OP) {
        printf("    search_step(%u, %u); /* %s */\n", st->op, st->scene, text);
        return;
    }
    printf("    search_pair(%u, %u, %u, %u, %u); /* %s and ", st->op, st->other, st->scene,
           st->switches[0], st->switches[1], text);
    s.model->print(st->other, text, sizeof(text));
    printf("%s */\n", text);
}

static void path_print(uint32_t i)
{
    if (!s.state[i]->parent)
        return;
    path_print(s.state[i]->parent);
    print_step(s.state[i]);
}

/* The way to state `i`, and one step more unless NULL. */
static void test_print(const char *why, uint32_t i, const struct state *last)
{
    printf("model %s: %s after %u states:\n/* %s */\nstatic void found(void)\n{\n", s.model->name,
           why, s.nr, why);
    path_print(i);
    if (last)
        print_step(last);
    printf("}\n");
    fflush(stdout);
}

static void audit_call(void *good)
{
    *(bool *)good = audit_still();
}

static uint32_t hash_of(const uint8_t *bytes, size_t n)
{
    uint64_t hash = 0xcbf29ce484222325;

    for (size_t i = 0; i < n; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3;
    return (uint32_t)(hash >> 20) % BUCKETS;
}

static noreturn void breach(const char *why, const struct state *how)
{
    test_print(why, how->parent, how->parent ? how : NULL);
    exit(1);
}

/* The machine as it is, reached by `how`: the state is kept if it is new. */
static bool state_note(const struct state *how)
{
    uint8_t observed[OBSERVED_MAX];
    size_t n = s.model->observe(observed);
    uint32_t bucket = hash_of(observed, n);
    struct state *st;

    for (uint32_t i = s.bucket[bucket]; i; i = s.state[i]->next)
        if (s.state[i]->bytes == n && !memcmp(s.state[i]->observed, observed, n))
            return false;
    st = malloc(sizeof(*st) + n);
    if (!st)
        abort();
    *st = *how;
    st->bytes = (uint8_t)n;
    memcpy(st->observed, observed, n);
    st->next = s.bucket[bucket];
    s.bucket[bucket] = ++s.nr;
    s.state[s.nr] = st;
    return true;
}

static const char *promise_breach(void)
{
    return s.model->promise && !s.model->promise() ? "a promise is broken" : NULL;
}

static const char *audit_breach(void)
{
    const char *why = sim_tlb_breach();
    bool good = true;

    if (!why)
        sim_call(audit_call, &good);
    return good ? why : "the audit fails";
}

/* What a state decides is looked at once for each. */
static void check(const struct state *how)
{
    const char *why = promise_breach();

    if (!why && state_note(how))
        why = audit_breach();
    if (why)
        breach(why, how);
}

/* A panic on the way is a breach, too. */
static const struct state *trying;
static void on_panic(void)
{
    test_print("panic", trying->parent, trying);
}

static bool try(const struct state *how)
{
    trying = how;
    state_enter(how->parent);
    if (!execute(how))
        return false;
    check(how);
    return true;
}

/* `how` with each operation of the other CPU at each of the points where it can give way. */
static void pairs(const struct state *step)
{
    struct state how = *step;

    for (how.other = 0; how.other < s.model->nr_ops; how.other++) {
        uint64_t nr;

        if (s.model->cpu(how.other) == s.model->cpu(how.op))
            continue;
        state_enter(how.parent);
        nr = sim.nr_points;
        (void)execute(&(struct state){ .op = how.op, .other = NO_OP, .scene = how.scene });
        nr = sim.nr_points - nr;
        for (uint64_t point = 1; point <= nr && s.nr + 1 < s.max; point++) {
            how.switches[0] = (uint16_t)point;
            (void)try(&how);
            s.pairs++;
        }
    }
}

static void expand(uint32_t from, unsigned pair_every)
{
    for (unsigned op = 0; op < s.model->nr_ops; op++) {
        for (unsigned n = 0; n < s.model->nr_scenes(op) && s.nr + 1 < s.max; n++) {
            struct state how = {
                .parent = from, .op = (uint16_t)op, .other = NO_OP, .scene = (uint8_t)n
            };

            if (!try(&how))
                continue;
            s.steps++;
            if (pair_every && s.steps % pair_every == 0)
                pairs(&how);
        }
    }
}

static void start_call(void *unused)
{
    (void)unused;
    s.model->start();
}

/* Two vCPUs that never leave their CPUs: nothing else runs from here on. */
static void settle(void)
{
    for (unsigned i = 0; i < 64; i++)
        for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
            sim_step(cpu, NULL, NULL);
    if (!sim_is_still())
        abort();
}

int search_main(const struct model *model, int argc, char **argv)
{
    unsigned pair_every = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
    struct state how = { .other = NO_OP };

    s.model = model;
    s.max = argc > 1 ? (uint32_t)atoi(argv[1]) : 100000;
    s.state = calloc(s.max + 2, sizeof(*s.state));
    s.bucket = calloc(BUCKETS, sizeof(*s.bucket));
    if (!s.state || !s.bucket)
        abort();
    sim_start();
    sim_call(start_call, NULL);
    settle();
    sim_keep();
    sim_give_way = give_way;
    sim_on_panic = on_panic;
    for (unsigned i = 0; model->tests && model->tests[i]; i++) {
        const char *why;

        sim_start();
        model->tests[i]();
        why = promise_breach();
        why = why ? why : audit_breach();
        if (why) {
            printf("model %s: test %u: %s\n", model->name, i, why);
            return 1;
        }
    }
    sim_start();
    check(&how);
    for (uint32_t from = 1; from <= s.nr && s.nr + 1 < s.max; from++)
        expand(from, pair_every);
    printf("model %s: %u states%s, %lu steps, %lu pairs: every promise holds\n", model->name, s.nr,
           s.nr + 1 < s.max ? "" : " (stopped there)", s.steps, s.pairs);
    return 0;
}
