/* SPDX-License-Identifier: MIT */
/*
 * Every reachable state of the small machine (memory.h). From each state each operation with each
 * argument is tried; a state met before is not followed again. After each step the recount and the
 * promises of design.md, section 4, must hold. A breach is printed as the shortest sequence of
 * calls that leads to it.
 *
 * What is cached never changes what the code does, each bit of it by itself breaks a promise or
 * does not, and a step drops a bit, keeps it or sets it, whatever the others are. So states that
 * differ in nothing else are one with all bits that any of them has: a bit less hides no breach,
 * and each of the bits is there on some path. When a state is met with bits that it did not have,
 * it is followed once more, as a new version; the older ones say which path has which bit.
 *
 * The search goes level by level, one process a CPU. States are found by a hash table of lists in
 * shared memory; a version is complete before the head of its list names it, and never changes.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memory.h"

#ifndef VERSIONS_MAX
#define VERSIONS_MAX (1u << 20)
#endif

struct version {
    struct state state;
    uint32_t parent, next; /* next of its list, which is older; 0: none */
    struct step by;
};

static struct {
    atomic_uint nr;       /* versions, from 1 */
    atomic_uint followed; /* next to be followed */
    atomic_ulong states, steps;
    atomic_bool is_enough; /* SIGTERM or SIGINT: so far, and no further */
    atomic_flag is_broken; /* what follows is of the first breach that a process met */
    struct {
        char why[256];
        uint32_t from;
        struct step step;
        struct outcome out;
    } breach;
} * shared;
static struct version *version;
static atomic_uint *bucket;

enum { DONE, BREACH, STOPPED }; /* exit status */

/* What this process is trying. */
static struct {
    uint32_t from;
    struct step step;
    unsigned long steps;
} now;

static void enough(int signal)
{
    (void)signal;
    atomic_store(&shared->is_enough, true);
}

/* ---- states ---------------------------------------------------------------------------------- */

static atomic_uint *bucket_of(const struct state *state)
{
    uint64_t hash = 0;

    for (unsigned f = 0; f < FRAMES; f++) {
        hash = (hash ^ state->cell[f].bits) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    return &bucket[hash % VERSIONS_MAX];
}

/* The newest version of a state in the list from `i` on, but not from `end`; 0: none. */
static uint32_t find(uint32_t i, uint32_t end, const struct state *state)
{
    while (i != end && memcmp(version[i].state.cell, state->cell, sizeof(state->cell)) != 0)
        i = version[i].next;
    return i != end ? i : 0;
}

/* Add what an older version has; false: the state itself has nothing new. */
static bool cached_add(struct state *state, const struct state *older)
{
    bool is_new = false;

    for (unsigned f = 0; f < FRAMES; f++) {
        is_new = is_new || (state->cached[f] & ~older->cached[f]);
        state->cached[f] |= older->cached[f];
    }
    return is_new;
}

static void __attribute__((noreturn)) leave(int status)
{
    atomic_fetch_add(&shared->steps, now.steps);
    exit(status);
}

/* True: a state that was not met before. */
static bool state_note(const struct state *state)
{
    atomic_uint *head = bucket_of(state);
    uint32_t first = atomic_load(head), looked = 0, place = 0;
    struct version mine = { .state = *state, .parent = now.from, .by = now.step };
    bool is_new = true;

    for (;;) {
        uint32_t older = find(first, looked, state);

        is_new = is_new && !older;
        if (older && !cached_add(&mine.state, &version[older].state)) {
            if (place)
                version[place].parent = 0; /* another process was quicker: stays empty */
            return false;
        }
        if (!place)
            place = atomic_fetch_add(&shared->nr, 1) + 1;
        if (place >= VERSIONS_MAX)
            leave(STOPPED);
        mine.next = looked = first;
        version[place] = mine;
        if (atomic_compare_exchange_strong(head, &first, place))
            break;
    }
    if (is_new)
        atomic_fetch_add(&shared->states, 1);
    return is_new;
}

/* ---- a breach ------------------------------------------------------------------------------ */

/* The first version of i's state that has the bits of frame `frame`; none: the first. */
static uint32_t oldest(uint32_t i, unsigned frame, uint8_t cached)
{
    uint32_t best = i;

    for (; i; i = find(version[i].next, 0, &version[best].state))
        if ((version[i].state.cached[frame] & cached) == cached)
            best = i;
    return best;
}

static void path_print(uint32_t to, unsigned frame, uint8_t cached, uint8_t *name);

/*
 * The path to a step, and the step, where the bit `cached` of `frame`, a number before it, is
 * wanted after it. name[]: what the frames before it are called. True: the bit is set by the step
 * itself.
 */
static bool last_print(uint32_t from, struct step step, int got, unsigned frame, uint8_t cached,
                       uint8_t *name)
{
    struct state bare = version[from].state;
    struct outcome out;
    bool is_set = false;

    memset(bare.cached, 0, sizeof(bare.cached));
    if (cached)
        memory_step(&bare, step, &out);
    for (unsigned f = 0; cached && f < FRAMES; f++)
        is_set = is_set || (out.was[f] == frame && (out.state.cached[f] & cached));
    path_print(from, frame, is_set ? 0 : cached, name);
    step_print(step, name, got);
    return is_set;
}

/* To a version; name[]: what its frames are called. */
static void path_print(uint32_t to, unsigned frame, uint8_t cached, uint8_t *name)
{
    uint8_t before[FRAMES];
    struct outcome out;

    to = oldest(to, frame, cached);
    for (unsigned f = 0; f < FRAMES; f++)
        name[f] = (uint8_t)f;
    if (!version[to].parent)
        return;
    memory_step(&version[version[to].parent].state, version[to].by, &out);
    if (last_print(version[to].parent, version[to].by, out.got, out.was[frame], cached, before))
        printf("    host.flushed_cpus = 0;\n");
    for (unsigned f = 0; f < FRAMES; f++)
        name[f] = before[out.was[f]];
}

/* By the process that has tried nothing: a step that ended in panic leaves locks taken. */
static void breach_print(void)
{
    const struct outcome *out = &shared->breach.out;
    uint8_t name[FRAMES];

    printf("model: %s after %lu states:\n/* %s */\n"
           "/* with MM_WORK_MAX 1, TABLE_ENTRIES %u, and no RAM but %u frames from 16 on%s */\n"
           "START_TEST(model)\n{\n    mfn_t f[%u] = { _mfn(16)",
           shared->breach.why, atomic_load(&shared->states), shared->breach.why, TABLE_ENTRIES,
           FRAMES, memory_layout, FRAMES);
    for (unsigned f = 1; f < FRAMES; f++)
        printf(", _mfn(%u)", 16 + f);
    printf(" }; /* nobody's, until they are handed out */\n\n");
    if (!last_print(shared->breach.from, shared->breach.step, out->got, out->frame, out->cached,
                    name))
        flush_print(out->cached);
    printf("    ck_assert(page_audit());\n}\nEND_TEST\n");
}

static void __attribute__((noreturn)) breach(const char *why, const struct outcome *out)
{
    if (!atomic_flag_test_and_set(&shared->is_broken)) {
        (void)snprintf(shared->breach.why, sizeof(shared->breach.why), "%s", why);
        shared->breach.from = now.from;
        shared->breach.step = now.step;
        shared->breach.out = *out;
    }
    leave(BREACH);
}

void reach_panic(const char *why)
{
    breach(why, &(struct outcome){ .got = -1 });
}

/* ---- the search ---------------------------------------------------------------------------- */

/* The step with each value in each word that it looks at. */
static void try(struct step step)
{
    struct outcome out;
    const char *why;

    now.step = step;
    memory_step(&version[now.from].state, step, &out);
    now.steps++;
    for (unsigned value = 0; out.asked >= 0 && value < WORD_VALUES; value++)
        try(step_with(step, out.asked, value));
    if (out.asked >= 0)
        return;
    why = out.breach;
    if (state_note(&out.state) && !why) {
        why = memory_audit();
        out.cached = 0;
    }
    if (why)
        breach(why, &out);
}

static void try_op(const struct op *op)
{
    try(step_of(op));
}

static void wild(int signal)
{
    (void)signal;
    reach_panic("an access to where nothing is");
}

/* A process: its share of the versions up to `last`. */
static void __attribute__((noreturn)) follow(uint32_t last)
{
    (void)signal(SIGSEGV, wild);
    for (;;) {
        now.from = atomic_fetch_add(&shared->followed, 1) + 1;
        if (now.from > last)
            leave(DONE);
        if (atomic_load(&shared->is_enough))
            leave(STOPPED);
        if (version[now.from].parent || now.from == 1)
            memory_ops(&version[now.from].state, try_op);
    }
}

/* All versions up to `last` that have not been followed: the gravest of the exit statuses. */
static int follow_all(uint32_t first, uint32_t last)
{
    int status, worst = DONE;

    fflush(stdout);
    atomic_store(&shared->followed, first - 1);
    for (long cpu = sysconf(_SC_NPROCESSORS_ONLN); cpu > 0; cpu--) {
        switch (fork()) {
        case -1:
            perror("model: fork");
            exit(STOPPED);
        case 0:
            follow(last);
        default:
            break;
        }
    }
    for (;;) {
        if (wait(&status) < 0) {
            if (errno == EINTR)
                continue;
            return worst;
        }
        status = WIFEXITED(status) ? WEXITSTATUS(status) : BREACH;
        if (status == BREACH || worst == DONE)
            worst = status;
    }
}

static void *table(size_t size)
{
    /* Pages that are not reached cost nothing. */
    void *p =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED) {
        perror("model: memory for the states");
        exit(STOPPED);
    }
    return p;
}

int main(int argc, char **argv)
{
    bool is_wordy = argc > 1 && !strcmp(argv[1], "-v");
    uint32_t first, last = 0;
    unsigned depth = 0;
    int status = DONE;

    shared = table(sizeof(*shared));
    version = table(VERSIONS_MAX * sizeof(*version));
    bucket = table(VERSIONS_MAX * sizeof(*bucket));
    memory_start(&version[1].state);
    atomic_store(bucket_of(&version[1].state), 1);
    atomic_store(&shared->nr, 1);
    atomic_store(&shared->states, 1);
    (void)signal(SIGTERM, enough);
    (void)signal(SIGINT, enough);
    for (; status == DONE && last < atomic_load(&shared->nr); depth++) {
        first = last + 1;
        last = atomic_load(&shared->nr);
        if (is_wordy)
            printf("model: %lu states by up to %u operations, %lu steps\n",
                   atomic_load(&shared->states), depth, atomic_load(&shared->steps));
        status = follow_all(first, last);
    }
    if (status == BREACH) {
        if (shared->breach.from)
            breach_print();
        else
            printf("model: a process of the search was killed\n");
        return status;
    }
    printf("model: %u frames, tables of %u: %lu states, %lu steps, %u operations deep: %s\n",
           FRAMES, TABLE_ENTRIES, atomic_load(&shared->states), atomic_load(&shared->steps),
           depth - 1, status == DONE ? "every promise holds" : "no breach so far, not the whole");
    return status;
}
