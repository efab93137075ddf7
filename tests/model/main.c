/* SPDX-License-Identifier: MIT */
/*
 * Every reachable state of a small machine: the real code of hypervisor/mm/, two accounts (a
 * control account and a guest), FRAMES frames, tables of TABLE_ENTRIES entries, and an allowance of
 * MM_WORK_MAX entries a lock, so that long work is interrupted wherever it can be. From each state
 * each operation with each argument is tried; a state seen before is not followed again. After each
 * step the recount and the promises of design.md, section 4, must hold. A breach is printed as the
 * shortest sequence of calls that leads to it.
 *
 * States are not taken for each other by renaming frames or accounts. The accounts differ in what
 * they may, and frames in where they lie: the allocator joins neighbours, and hands out the one and
 * not the other of two that differ in what may be cached of them. To exchange names would leave
 * out states that are reached.
 *
 * What processors may still have cached is part of the state. The control account runs on one CPU,
 * the guest on two others. A frame is remembered as cached by an account from when an entry maps it
 * until all of the account's CPUs are flushed: the union of their TLBs, of which each may hold all
 * of it.
 *
 * The allocator's own state is private to it; its file is included here so that it can be put back.
 */
#include "mm/alloc.c"
#include "mm/entry.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#ifndef FRAMES
#define FRAMES 3
#endif
#ifndef START
#define START 0 /* the first account that acts; 1: the guest alone */
#endif
#define FIRST   16
#define DOMAINS 2
#ifndef STATES_MAX
#define STATES_MAX (1u << 21) /* some 260 MB */
#endif
#define FLAGS_MAX   3
#define LIST_ZONE   5 /* of frames 16..31 */
#define LIST_ORDERS 3

static const char *const type_name[] = { "NONE", "WRITABLE", "L1", "L2", "L3", "L4", "SEGDESC" };

/* All that distinguishes one state from another; whole words, no padding. */
struct state {
    struct page page[FRAMES];
    uint64_t word[FRAMES][TABLE_ENTRIES];
    uint32_t head[LIST_ORDERS];
    uint8_t releasing[DOMAINS][4]; /* frame index + 1 */
    uint8_t roots[FRAMES];
    uint8_t cached[FRAMES]; /* CACHED_* << account */
    uint8_t unused[(2 * FRAMES) % 4 ? 2 : 4];
};

static_assert(sizeof(struct state) % 8 == 0, "hashed by words");

/* An entry that may be in the TLB: writable, of any kind; a table that a walk may go through. */
#define CACHED_WRITE 0x01u
#define CACHED_READ  0x04u
#define CACHED_TABLE 0x10u
#define CACHED_ALL   (CACHED_WRITE | CACHED_READ | CACHED_TABLE)

enum kind { PIN, UNPIN, ROOT_GET, ROOT_PUT, UPDATE, ALLOC, GIVE_BACK };

struct op {
    uint8_t kind, domain, owner, frame, level, slot, target, flags;
};

static struct mm_account account[DOMAINS];
static struct state now;
static struct {
    struct state *state;
    uint32_t *parent, *bucket, *next;
    struct op *by;
    uint32_t nr;
} seen;
static unsigned long transitions;

static mfn_t mfn_of(unsigned frame)
{
    return _mfn(FIRST + frame);
}

/* ---- state out of and into the code -------------------------------------------------------- */

static void others(void (*count)(mfn_t mfn, bool typed))
{
    for (unsigned f = 0; f < FRAMES; f++) {
        for (unsigned n = 0; n < now.roots[f]; n++)
            count(mfn_of(f), true);
    }
}

/* Stamps are compared with the present count only: 1 is "now", 0 anything else. */
static void state_store(void)
{
    for (unsigned f = 0; f < FRAMES; f++) {
        struct page *page = &now.page[f];
        const struct mm_account *owner = mm_account_of_slot(frame_table[FIRST + f].owner);

        *page = frame_table[FIRST + f];
        if (page->flags & PAGE_FREE)
            page->type_refs = page->type_refs == frames.flush_clock;
        else if (owner && !page->type_refs)
            page->stamp = page->type != PT_NONE && page->stamp == owner->tlb_epoch;
        memcpy(now.word[f], machine_map(mfn_of(f)), sizeof(now.word[f]));
        if (page->flags & PAGE_SCRUB)
            memset(now.word[f], 0, sizeof(now.word[f])); /* nobody will see them */
    }
    for (unsigned order = 0; order < LIST_ORDERS; order++)
        now.head[order] = frames.head[LIST_ZONE][order];
    for (unsigned d = 0; d < DOMAINS; d++) {
        for (unsigned level = 0; level < 4; level++) {
            const struct page *page = account[d].releasing[level];

            now.releasing[d][level] = page ? (uint8_t)(page - &frame_table[FIRST] + 1) : 0;
        }
    }
}

static void state_load(const struct state *state)
{
    now = *state;
    frames.flush_clock = 1;
    frames.orders[LIST_ZONE] = 0;
    frames.nr_free = 0;
    for (unsigned order = 0; order < LIST_ORDERS; order++) {
        frames.head[LIST_ZONE][order] = now.head[order];
        frames.orders[LIST_ZONE] |= now.head[order] ? 1u << order : 0;
    }
    for (unsigned d = 0; d < DOMAINS; d++) {
        account[d].tlb_epoch = 1;
        account[d].nr_frames = account[d].nr_releasing = 0;
        for (unsigned level = 0; level < 4; level++) {
            unsigned f = now.releasing[d][level];

            account[d].releasing[level] = f ? &frame_table[FIRST + f - 1] : NULL;
            account[d].nr_releasing += f != 0;
        }
    }
    for (unsigned f = 0; f < FRAMES; f++) {
        struct mm_account *owner = mm_account_of_slot(now.page[f].owner);

        frame_table[FIRST + f] = now.page[f];
        memcpy(machine_map(mfn_of(f)), now.word[f], sizeof(now.word[f]));
        if (owner)
            owner->nr_frames++;
        if (now.page[f].flags & PAGE_FREE)
            frames.nr_free += BIT(now.page[f].type);
    }
    host.nr_flushes = host.flushed_cpus = 0;
}

/* ---- promises ------------------------------------------------------------------------------ */

static unsigned in_use(const struct page *page)
{
    return page->owner < DOMAINS && page->type_refs ? page->type : PT_NONE; /* else a free one */
}

/* Entries of a table that hold references. */
static unsigned nr_held(const struct page *page)
{
    if (!is_table_type(in_use(page)))
        return 0;
    return page->flags & PAGE_PARTIAL ? page->progress : TABLE_ENTRIES;
}

static const char *entry_breach(unsigned f, uint64_t entry)
{
    const struct page *table = &now.page[f], *page;

    if (!(entry & PTE_PRESENT))
        return NULL;
    page = &now.page[mfn_x(entry_mfn(entry)) - FIRST];
    if (page->owner != table->owner && (table->owner != account[0].slot || table->type != PT_L1))
        return "an entry names a frame that its account may not map";
    if (table->type == PT_L1 && (entry & PTE_WRITE) && in_use(page) != PT_WRITABLE)
        return "a writable entry names a frame that is not writable";
    if (table->type == PT_L4 && page == table)
        return entry & PTE_WRITE ? "an L4 maps itself writable" : NULL;
    if (table->type != PT_L1 &&
        (in_use(page) != table->type - 1u || !(page->flags & PAGE_VALIDATED)))
        return "an entry names a table that is not checked";
    return NULL;
}

/* Note what is mapped now and was flushed; what may be cached must not break a promise. */
static const char *cached_breach(void)
{
    for (unsigned d = 0; d < DOMAINS; d++) {
        if ((host.flushed_cpus & account[d].cpus) != account[d].cpus)
            continue;
        for (unsigned f = 0; f < FRAMES; f++)
            now.cached[f] &= (uint8_t) ~(CACHED_ALL << d);
    }
    for (unsigned f = 0; f < FRAMES; f++) {
        unsigned d = now.page[f].owner; /* accounts' slots are their numbers */

        if (nr_held(&now.page[f]))
            now.cached[f] |= (uint8_t)(CACHED_TABLE << d);
        for (unsigned i = 0; in_use(&now.page[f]) == PT_L1 && i < nr_held(&now.page[f]); i++) {
            uint64_t entry = now.word[f][i];
            unsigned bits = entry & PTE_WRITE ? CACHED_READ | CACHED_WRITE : CACHED_READ;

            if (entry & PTE_PRESENT)
                now.cached[mfn_x(entry_mfn(entry)) - FIRST] |= (uint8_t)(bits << d);
        }
    }
    for (unsigned f = 0; f < FRAMES; f++) {
        const struct page *page = &now.page[f];

        if ((page->flags & PAGE_VALIDATED) && now.cached[f] & CACHED_WRITE * 3)
            return "a table may still be written through a cached entry";
        if (in_use(page) == PT_WRITABLE && now.cached[f] & CACHED_TABLE * 3)
            return "a walk may still go through a frame that is writable";
        if (page->owner == account[0].slot && now.cached[f] & CACHED_READ << 1)
            return "a guest may still reach a frame of another owner";
    }
    return NULL;
}

/* Of a state that was not met before. */
static const char *state_breach(void)
{
    const char *why = page_audit() ? NULL : "the recount differs";

    for (unsigned f = 0; f < FRAMES && !why; f++) {
        for (unsigned i = 0; i < nr_held(&now.page[f]) && !why; i++)
            why = entry_breach(f, now.word[f][i]);
    }
    if (host_locks_held() || this_cpu(mm_cpu).nr_puts)
        why = "a lock or a postponed put is left";
    return why;
}

/* ---- operations ---------------------------------------------------------------------------- */

static uint64_t entry_of(const struct op *op)
{
    static const uint64_t flags[FLAGS_MAX] = { 0, PTE_PRESENT | PTE_USER,
                                               PTE_PRESENT | PTE_USER | PTE_WRITE };

    return op->flags ? mfn_to_maddr(mfn_of(op->target)) | flags[op->flags] : 0;
}

static int update(const struct op *op)
{
    struct pt_batch batch;
    maddr_t where = mfn_to_maddr(mfn_of(op->frame)) + op->slot * sizeof(uint64_t);
    int ret;

    pt_batch_begin(&batch, &account[op->domain], &account[op->owner]);
    ret = pt_batch_update(&batch, where, entry_of(op), PTE_NORMAL);
    pt_batch_end(&batch);
    return ret;
}

static void op_run(const struct op *op)
{
    struct mm_account *acct = &account[op->domain];
    mfn_t mfn = mfn_of(op->frame);

    switch (op->kind) {
    case PIN:
        (void)!pt_pin(acct, mfn, op->level);
        break;
    case UNPIN:
        (void)!pt_unpin(acct, mfn);
        break;
    case ROOT_GET:
        if (!now.roots[op->frame] && pt_root_get(acct, mfn) == 0)
            now.roots[op->frame] = 1;
        break;
    case ROOT_PUT:
        if (now.roots[op->frame] && pt_root_put(acct, mfn) == 0)
            now.roots[op->frame] = 0;
        break;
    case UPDATE:
        (void)!update(op);
        break;
    case ALLOC:
        (void)!frames_alloc(acct, 0, 0).v;
        break;
    default:
        mm_lock(acct);
        (void)!page_give_back(page_of(mfn), acct);
        mm_unlock(acct);
    }
}

/* As it stands in tests/unit/mm/, with its rig.h; `got`: the frame that an allocation gave, or -1.
 */
static void op_print(const struct op *op, int got)
{
    static const char *const name[DOMAINS] = { "control", "guest" };
    const char *who = name[op->domain];

    switch (op->kind) {
    case PIN:
        printf("    (void)!pt_pin(&%s, f[%u], PT_%s);\n", who, op->frame, type_name[op->level]);
        break;
    case UNPIN:
        printf("    (void)!pt_unpin(&%s, f[%u]);\n", who, op->frame);
        break;
    case ROOT_GET:
    case ROOT_PUT:
        printf("    (void)!pt_root_%s(&%s, f[%u]);\n", op->kind == ROOT_GET ? "get" : "put", who,
               op->frame);
        break;
    case UPDATE:
        printf("    (void)!update_from(&%s, &%s, slot(f[%u], %u), ", who, name[op->owner],
               op->frame, op->slot);
        if (op->flags)
            printf("pte(f[%u], %s)", op->target, op->flags == 1 ? "P" : "RW");
        else
            printf("0");
        printf(", PTE_NORMAL);\n");
        break;
    case ALLOC:
        if (got >= 0)
            printf("    f[%d] = frames_alloc(&%s, 0, 0);\n", got, who);
        else
            printf("    (void)!frames_alloc(&%s, 0, 0).v;\n", who);
        break;
    default:
        printf("    mm_lock(&%s);\n    (void)!page_give_back(page_of(f[%u]), &%s);\n"
               "    mm_unlock(&%s);\n",
               who, op->frame, who, who);
    }
}

/* The frame that has an owner now and had none before. */
static int frame_got(const struct state *before, const struct state *after)
{
    for (int f = 0; f < FRAMES; f++)
        if (before->page[f].owner >= DOMAINS && after->page[f].owner < DOMAINS)
            return f;
    return -1;
}

/* ---- the search ---------------------------------------------------------------------------- */

static uint32_t *bucket_of(const struct state *state)
{
    const uint64_t *word = (const uint64_t *)state;
    uint64_t hash = 0;

    for (unsigned i = 0; i < sizeof(*state) / 8; i++)
        hash = (hash ^ word[i]) * UINT64_C(0x9e3779b97f4a7c15) ^ hash >> 29;
    return &seen.bucket[(hash >> 20) % STATES_MAX];
}

/* Operations on the shortest way there: all shorter ways have been followed. */
static unsigned depth_of(uint32_t state)
{
    unsigned depth = 0;

    for (; seen.parent[state]; state = seen.parent[state])
        depth++;
    return depth;
}

static volatile sig_atomic_t is_enough; /* SIGTERM or SIGINT: so far, and no further */

static void enough(int signal)
{
    is_enough = signal;
}

/* `from` is the first state that has not been followed. */
static void stop(uint32_t from)
{
    printf("model: stopped at %u states, %u of them followed, %lu steps, all paths of %u "
           "operations: no breach so far\n",
           seen.nr, from - 1, transitions, depth_of(from));
    exit(2);
}

/* false: it was there. */
static bool state_note(uint32_t parent, const struct op *op)
{
    uint32_t *bucket = bucket_of(&now);

    for (uint32_t i = *bucket; i; i = seen.next[i]) {
        if (!memcmp(&seen.state[i], &now, sizeof(now)))
            return false;
    }
    if (++seen.nr == STATES_MAX)
        stop(parent);
    seen.state[seen.nr] = now;
    seen.parent[seen.nr] = parent;
    seen.by[seen.nr] = *op;
    seen.next[seen.nr] = *bucket;
    *bucket = seen.nr;
    return true;
}

static void path_print(uint32_t state)
{
    if (seen.parent[state]) {
        path_print(seen.parent[state]);
        op_print(&seen.by[state], frame_got(&seen.state[seen.parent[state]], &seen.state[state]));
    }
}

static void try(uint32_t from, const struct op *op)
{
    const char *why;

    state_load(&seen.state[from]);
    op_run(op);
    state_store();
    transitions++;
    why = cached_breach();
    if (state_note(from, op) && !why)
        why = state_breach();
    if (why) {
        printf("model: %s after %u states, %lu steps:\n/* %s, with MM_WORK_MAX 1 */\n"
               "START_TEST(model)\n{\n    mfn_t f[%u];\n\n",
               why, seen.nr, transitions, why, FRAMES);
        path_print(from);
        op_print(op, frame_got(&seen.state[from], &now));
        printf("    ck_assert(page_audit());\n}\nEND_TEST\n");
        exit(1);
    }
}

static void updates(uint32_t from, struct op op)
{
    for (op.slot = 0; op.slot < TABLE_ENTRIES; op.slot++) {
        for (op.flags = 0; op.flags < FLAGS_MAX; op.flags++) {
            for (op.target = 0; op.target < (op.flags ? FRAMES : 1); op.target++) {
                for (op.owner = op.domain; op.owner < DOMAINS; op.owner++)
                    try(from, &op);
            }
        }
    }
}

static void expand(uint32_t from)
{
    for (uint8_t domain = START; domain < DOMAINS; domain++) {
        try(from, &(struct op){ .kind = ALLOC, .domain = domain });
        for (uint8_t frame = 0; frame < FRAMES; frame++) {
            struct op op = { .domain = domain, .frame = frame };

            if (seen.state[from].page[frame].owner != account[domain].slot)
                continue; /* refused at once: the unit tests' business */
            for (op.level = PT_L1; op.level <= PT_L4; op.level++)
                try(from, &op);
            op.level = 0;
            for (op.kind = UNPIN; op.kind <= ROOT_PUT; op.kind++)
                try(from, &op);
            op.kind = GIVE_BACK;
            try(from, &op);
            op.kind = UPDATE;
            updates(from, op);
        }
    }
}

static void *table(size_t size)
{
    /* Pages that are not reached cost nothing. */
    void *p = mmap(NULL, STATES_MAX * size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED)
        abort();
    return p;
}

int main(void)
{
    host_reset();
    frames_init(HOST_FRAMES_MAX * PAGE_SIZE, host_take);
    frames_end = FIRST + FRAMES;
    frames_add(FIRST * PAGE_SIZE, (FIRST + FRAMES) * PAGE_SIZE);
    host.preempt = true;
    host.nr_cpus = 3; /* one for the control domain, two for the guest: both must be flushed */
    page_audit_others = others;
    for (unsigned d = 0; d < DOMAINS; d++) {
        account[d] = (struct mm_account){ .slot = (uint16_t)d,
                                          .is_control = d == 0,
                                          .frames_max = UINT64_MAX,
                                          .cpus = d == 0 ? 1 : 6 };
        if (mm_account_register(&account[d]))
            return 2;
    }
    seen.state = table(sizeof(*seen.state));
    seen.parent = table(sizeof(*seen.parent));
    seen.bucket = table(sizeof(*seen.bucket));
    seen.next = table(sizeof(*seen.next));
    seen.by = table(sizeof(*seen.by));
    for (unsigned f = 0; f < FRAMES; f++)
        machine_clear_frame(mfn_of(f));
    state_store();
    (void)!state_note(0, &(struct op){ .kind = ALLOC });
    (void)signal(SIGTERM, enough);
    (void)signal(SIGINT, enough);
    for (uint32_t from = 1; from <= seen.nr; from++) {
        if (is_enough)
            stop(from);
        expand(from);
    }
    printf("model: %u states, %lu steps, every promise holds\n", seen.nr, transitions);
    return 0;
}
