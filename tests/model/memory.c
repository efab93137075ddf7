/* SPDX-License-Identifier: MIT */
/*
 * The small machine of memory.h: states put into the code and taken out again, operations,
 * promises. The allocator's own state is private to it; its file is included here so that it can
 * be put back.
 */
#include "mm/alloc.c"
#include "mm/entry.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"

#ifdef APART
#define DISTANCE 2
const char *const memory_layout = ", each apart";
#else
#define DISTANCE 1
const char *const memory_layout = "";
#endif
#define FIRST     16
#define DOMAINS   2
#define NO_OWNER  3
#define LIST_ZONE 5 /* of frames 16..31 */

static const char *const type_name[] = { "NONE", "WRITABLE", "L1", "L2", "L3", "L4", "SEGDESC" };
static const uint64_t entry_flags[ENTRY_KINDS] = { 0, PTE_PRESENT | PTE_USER,
                                                   PTE_PRESENT | PTE_USER | PTE_WRITE };

/* An entry that may be in the TLB: writable, of any kind; a table that a walk may go through. */
#define CACHED_WRITE 0x01u
#define CACHED_READ  0x04u
#define CACHED_TABLE 0x10u
#define CACHED_ALL   (CACHED_WRITE | CACHED_READ | CACHED_TABLE)
#define BOTH(bits)   ((bits) | (bits) << 1)

static struct mm_account account[DOMAINS];
static struct {
    uint64_t *word[FRAMES];
    bool is_root[FRAMES];
    uint8_t cached[FRAMES];
} now;

static uint8_t order[24][FRAMES]; /* of the frames, all there are */
static unsigned nr_orders;

static_assert(TABLE_ENTRIES * WORD_BITS <= 8, "cells have room for them");
static_assert(FRAMES * TABLE_ENTRIES * WORD_BITS <= 32, "and steps");

static mfn_t mfn_of(unsigned frame)
{
    return _mfn(FIRST + DISTANCE * frame);
}
static struct page *page_at(unsigned frame)
{
    return page_of(mfn_of(frame));
}
static unsigned number_of(uint64_t mfn)
{
    return (unsigned)(mfn - FIRST) / DISTANCE;
}

/* ---- promises ------------------------------------------------------------------------------ */

/* A free frame and one that no type rests on are used as nothing. */
static unsigned in_use(const struct page *page)
{
    return page->owner < DOMAINS && page->type_refs ? page->type : PT_NONE;
}

/* So many of its entries hold references: the first ones. */
static unsigned nr_held(const struct page *page)
{
    if (!is_table_type(in_use(page)))
        return 0;
    return page->flags & PAGE_PARTIAL ? page->progress : TABLE_ENTRIES;
}

/* What is mapped at this moment may be cached. */
static void cached_note(void)
{
    for (unsigned f = 0; f < FRAMES; f++) {
        const struct page *page = page_at(f);
        unsigned d = page->owner; /* accounts' slots are their numbers */

        if (nr_held(page))
            now.cached[f] |= (uint8_t)(CACHED_TABLE << d);
        for (unsigned i = 0; page->type == PT_L1 && i < nr_held(page); i++) {
            uint64_t entry = now.word[f][i];
            unsigned bits = entry & PTE_WRITE ? CACHED_READ | CACHED_WRITE : CACHED_READ;

            if (entry & PTE_PRESENT)
                now.cached[number_of(mfn_x(entry_mfn(entry)))] |= (uint8_t)(bits << d);
        }
    }
}

/* In place of the host's. What is mapped still is cached again at once. */
void machine_flush_cpus(uint64_t cpus)
{
    for (unsigned d = 0; d < DOMAINS; d++) {
        for (unsigned f = 0; (cpus & account[d].cpus) == account[d].cpus && f < FRAMES; f++)
            now.cached[f] &= (uint8_t) ~(CACHED_ALL << d);
    }
    cached_note();
}

static void cached_check(struct outcome *out)
{
    for (unsigned f = 0; f < FRAMES; f++) {
        const struct page *page = page_at(f);
        const struct {
            bool applies;
            unsigned forbidden;
            const char *why;
        } rule[] = {
            { page->flags & PAGE_VALIDATED, BOTH(CACHED_WRITE),
              "a table may still be written through a cached entry" },
            { in_use(page) == PT_WRITABLE, BOTH(CACHED_TABLE),
              "a walk may still go through a frame that is writable" },
            { page->owner == account[0].slot, CACHED_READ << 1,
              "a guest may still reach a frame of another owner" },
        };

        for (unsigned i = 0; i < ARRAY_SIZE(rule); i++) {
            unsigned bits = rule[i].applies ? rule[i].forbidden & now.cached[f] : 0;

            if (!bits || out->breach)
                continue;
            out->breach = rule[i].why;
            out->frame = (uint8_t)f;
            out->cached = (uint8_t)(bits & -bits);
        }
    }
}

static const char *entry_breach(const struct page *table, uint64_t entry)
{
    const struct page *page = page_of(entry_mfn(entry));

    if (!(entry & PTE_PRESENT))
        return NULL;
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

const char *memory_audit(void)
{
    const char *why = page_audit() ? NULL : "the recount differs";

    for (unsigned f = 0; f < FRAMES && !why; f++)
        for (unsigned i = 0; i < nr_held(page_at(f)) && !why; i++)
            why = entry_breach(page_at(f), now.word[f][i]);
    return why;
}

static void others(void (*count)(mfn_t mfn, bool typed))
{
    for (unsigned f = 0; f < FRAMES; f++)
        if (now.is_root[f])
            count(mfn_of(f), true);
}

/* In place of the host's: a frame that is cleared is not looked at. */
void machine_clear_frame(mfn_t mfn)
{
    memset(now.word[number_of(mfn_x(mfn))], 0, TABLE_ENTRIES * sizeof(uint64_t));
}

void panic(const char *fmt, ...)
{
    char why[256];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(why, sizeof(why), fmt, args);
    va_end(args);
    reach_panic(why);
}

/* ---- state into the code ------------------------------------------------------------------- */

/* The value of word `i` of `words`. */
static uint64_t entry_at(uint32_t words, unsigned i)
{
    unsigned word = words >> WORD_BITS * i & WORD_OPEN, kind = word & 3;

    if (word == WORD_OPEN || kind == ENTRY_NONE)
        return 0;
    return mfn_to_maddr(mfn_of(word >> 2)) | entry_flags[kind];
}

static uint32_t word_of(uint64_t entry)
{
    if (!(entry & PTE_PRESENT))
        return ENTRY_NONE;
    return (entry & PTE_WRITE ? ENTRY_WRITE : ENTRY_READ) | number_of(mfn_x(entry_mfn(entry))) << 2;
}

/* But for its place in the allocator's lists. */
static struct page page_from(union cell cell)
{
    struct page page = { .refs = cell.refs,
                         .type_refs = cell.type_refs,
                         .owner = cell.owner < DOMAINS ? cell.owner : OWNER_NONE,
                         .type = cell.type,
                         .flags = cell.flags };

    if (cell.flags & PAGE_PARTIAL)
        page.progress = cell.mark;
    else
        page.stamp = cell.mark;
    return page;
}

static unsigned nr_words(union cell cell)
{
    const struct page page = page_from(cell);

    return nr_held(&page);
}

static void owned_load(struct page *page, union cell cell)
{
    struct mm_account *owner = &account[cell.owner];

    owner->nr_frames++;
    if (cell.flags & PAGE_RELEASING) {
        owner->releasing[cell.type - PT_L1] = page;
        owner->nr_releasing++;
    }
}

/* Below APART each is the first of its list when it comes. */
static void free_load(unsigned f, union cell cell)
{
#ifdef APART
    block_insert(mfn_x(mfn_of(f)), 0, cell.type_refs);
#else
    struct page *page = page_at(f);

    page->type_refs = cell.type_refs;
    page->refs = cell.previous ? (uint32_t)mfn_x(mfn_of(cell.previous - 1)) : 0;
    page->link = cell.next ? (uint32_t)mfn_x(mfn_of(cell.next - 1)) : 0;
    if (!cell.previous) {
        frames.head[LIST_ZONE][cell.type] = (uint32_t)mfn_x(mfn_of(f));
        frames.orders[LIST_ZONE] |= 1u << cell.type;
    }
#endif
    frames.nr_free += BIT(cell.type);
}

static void state_load(const struct state *state)
{
    frames.flush_clock = 1;
    frames.orders[LIST_ZONE] = 0;
    frames.nr_free = 0;
    memset(frames.head[LIST_ZONE], 0, sizeof(frames.head[LIST_ZONE]));
    for (unsigned d = 0; d < DOMAINS; d++) {
        account[d].tlb_epoch = 1;
        account[d].nr_frames = account[d].nr_releasing = 0;
        memset(account[d].releasing, 0, sizeof(account[d].releasing));
    }
    memcpy(now.cached, state->cached, sizeof(now.cached));
    for (unsigned f = 0; f < FRAMES; f++) {
        union cell cell = state->cell[f];

        *page_at(f) = page_from(cell);
        for (unsigned i = 0; i < nr_words(cell); i++)
            now.word[f][i] = entry_at(cell.words, i);
        now.is_root[f] = cell.is_root;
        if (cell.owner < DOMAINS)
            owned_load(page_at(f), cell);
        else if (cell.flags & PAGE_FREE)
            free_load(f, cell);
    }
}

static void words_load(const struct state *state, uint32_t words)
{
    for (unsigned f = 0; f < FRAMES; f++)
        for (unsigned i = nr_words(state->cell[f]); i < TABLE_ENTRIES; i++)
            now.word[f][i] = entry_at(words, f * TABLE_ENTRIES + i);
}

/* ---- and out of it ------------------------------------------------------------------------- */

/* Stamps are compared with the present count only: 1 is "now", 0 anything else. */
static union cell cell_of(unsigned f)
{
    const struct page *page = page_at(f);
    const struct mm_account *owner = mm_account_of_slot(page->owner);
    union cell cell = { .bits = 0 };

    cell.owner = owner ? owner->slot & 1 : NO_OWNER;
    cell.type = (uint8_t)(page->type & 7);
    cell.flags = page->flags;
    cell.is_root = now.is_root[f];
    if (page->flags & PAGE_FREE) {
        cell.type_refs = page->type_refs == frames.flush_clock;
#ifndef APART
        cell.previous = page->refs ? (number_of(page->refs) + 1) & 7 : 0;
        cell.next = page->link ? (number_of(page->link) + 1) & 7 : 0;
#endif
        return cell;
    }
    BUG_ON(page->refs > 15 || page->type_refs > 15);
    cell.refs = page->refs & 15;
    cell.type_refs = page->type_refs & 15;
    if (page->flags & PAGE_PARTIAL)
        cell.mark = (uint8_t)(page->progress & 3);
    else if (owner && !page->type_refs)
        cell.mark = page->type != PT_NONE && page->stamp == owner->tlb_epoch;
#ifdef APART
    /* A type that was dropped before the last flush decides nothing any more. */
    if (owner && !cell.type_refs && !cell.mark)
        cell.type = PT_NONE;
#endif
    for (unsigned i = 0; i < nr_words(cell); i++)
        cell.words |= (uint8_t)(word_of(now.word[f][i]) << WORD_BITS * i);
    return cell;
}

#ifdef APART
/* The same cell, the frames having got the numbers is[]. */
static union cell renamed(union cell cell, const uint8_t is[FRAMES])
{
    uint32_t words = 0;

    for (unsigned i = 0; i < nr_words(cell); i++) {
        unsigned word = cell.words >> WORD_BITS * i & WORD_OPEN;

        if (word & 3)
            words |= ((word & 3) | (uint32_t)is[word >> 2] << 2) << WORD_BITS * i;
    }
    cell.words = (uint8_t)words;
    return cell;
}

/* A cell as far as it does not depend on the frames' numbers: itself is 1, all others are 0. */
static uint32_t key_of(union cell cell, unsigned f)
{
    uint8_t is[FRAMES] = { 0 };

    is[f] = 1;
    return renamed(cell, is).bits;
}

/*
 * Of all orders of the frames that put their keys in ascending order, the one whose cells come
 * first.
 */
static void canonicalize(const union cell *cell, struct outcome *out)
{
    uint32_t key[FRAMES];
    bool have = false;

    for (unsigned f = 0; f < FRAMES; f++)
        key[f] = key_of(cell[f], f);
    for (unsigned i = 0; i < nr_orders; i++) {
        const uint8_t *was = order[i];
        union cell sorted[FRAMES];
        uint8_t is[FRAMES];
        bool ascends = true;

        for (unsigned f = 1; f < FRAMES; f++)
            ascends = ascends && key[was[f - 1]] <= key[was[f]];
        if (!ascends)
            continue;
        for (unsigned f = 0; f < FRAMES; f++)
            is[was[f]] = (uint8_t)f;
        for (unsigned f = 0; f < FRAMES; f++)
            sorted[f] = renamed(cell[was[f]], is);
        if (have && memcmp(sorted, out->state.cell, sizeof(sorted)) >= 0)
            continue;
        have = true;
        memcpy(out->state.cell, sorted, sizeof(sorted));
        memcpy(out->was, was, FRAMES);
    }
}
#else
static void canonicalize(const union cell *cell, struct outcome *out)
{
    memcpy(out->state.cell, cell, sizeof(out->state.cell));
    for (unsigned f = 0; f < FRAMES; f++)
        out->was[f] = (uint8_t)f;
}
#endif

static void outcome_take(struct outcome *out)
{
    union cell cell[FRAMES];

    for (unsigned f = 0; f < FRAMES; f++)
        cell[f] = cell_of(f);
    canonicalize(cell, out);
    memset(out->state.cached, 0, sizeof(out->state.cached));
    for (unsigned f = 0; f < FRAMES; f++)
        out->state.cached[f] = now.cached[out->was[f]];
}

/* ---- operations ---------------------------------------------------------------------------- */

static maddr_t slot_of(const struct op *op)
{
    return mfn_to_maddr(mfn_of(op->frame)) + op->slot * sizeof(uint64_t);
}

static int update(const struct op *op)
{
    struct pt_batch batch;
    int ret;

    pt_batch_begin(&batch, &account[op->domain], &account[op->owner]);
    ret = pt_batch_update(&batch, slot_of(op), entry_at(op->word, 0), PTE_NORMAL);
    pt_batch_end(&batch);
    return ret;
}

static void op_run(const struct op *op)
{
    struct mm_account *acct = &account[op->domain];
    mfn_t mfn = mfn_of(op->frame);
    uint64_t found;

    switch ((enum op_kind)op->kind) {
    case PIN:
        (void)!pt_pin(acct, mfn, op->level);
        break;
    case UNPIN:
        (void)!pt_unpin(acct, mfn);
        break;
    case ROOT_GET:
        now.is_root[op->frame] = pt_root_get(acct, mfn) == 0;
        break;
    case ROOT_PUT:
        now.is_root[op->frame] = pt_root_put(acct, mfn) != 0;
        break;
    case UPDATE:
        (void)!update(op);
        break;
    case EXCHANGE:
        found = now.word[op->frame][op->slot];
        (void)!pt_emulated_write(acct, slot_of(op), entry_at(op->word, 0), 8, &found);
        break;
    case ALLOC:
#ifdef APART
        block_remove(mfn_x(mfn));
        block_insert(mfn_x(mfn), 0, op->level);
#endif
        (void)!frames_alloc(acct, 0, 0).v;
        break;
    case GIVE_BACK:
        mm_lock(acct);
        (void)!page_give_back(page_of(mfn), acct);
        mm_unlock(acct);
    }
}

/* Value 0..WORD_VALUES-1 as a word. */
static unsigned word_numbered(unsigned value)
{
    return value ? (ENTRY_READ + (value - 1) / FRAMES) | (value - 1) % FRAMES << 2 : ENTRY_NONE;
}

static void slot_ops(union cell cell, struct op op, void (*each)(const struct op *op))
{
    bool is_held = op.slot < nr_words(cell);

    /* Where the word does not count, which entry is put there makes no difference. */
    for (unsigned value = 0; value < (is_held ? WORD_VALUES : 2); value++) {
        op.word = word_numbered(value) & WORD_OPEN;
        op.kind = UPDATE;
        for (unsigned owner = op.domain; owner < DOMAINS; owner++) {
            op.owner = owner & 1;
            each(&op);
        }
        op.kind = EXCHANGE;
        op.owner = 0;
        if (is_held && cell.type == PT_L1)
            each(&op);
    }
}

static void frame_ops(union cell cell, struct op op, void (*each)(const struct op *op))
{
    for (unsigned level = PT_L1; level <= PT_L4; level++) {
        op.kind = PIN;
        op.level = level & 7;
        each(&op);
    }
    op.level = 0;
    op.kind = UNPIN;
    each(&op);
    op.kind = cell.is_root ? ROOT_PUT : ROOT_GET;
    each(&op);
    op.kind = GIVE_BACK;
    each(&op);
    for (unsigned slot = 0; slot < TABLE_ENTRIES; slot++) {
        op.slot = slot & 1;
        slot_ops(cell, op, each);
    }
}

void memory_ops(const struct state *state, void (*each)(const struct op *op))
{
    for (unsigned domain = 0; domain < DOMAINS; domain++) {
        for (unsigned f = 0; f < FRAMES; f++) {
            union cell cell = state->cell[f];
            struct op op = { .domain = domain & 1, .frame = f & 3 };

            if (cell.owner == account[domain].slot)
                frame_ops(cell, op, each);
#ifdef APART
            op.kind = ALLOC;
            op.level = cell.type_refs & 1; /* its stamp */
            if (cell.flags & PAGE_FREE)
                each(&op);
#endif
        }
#ifndef APART
        each(&(struct op){ .kind = ALLOC, .domain = domain & 1 });
#endif
    }
}

struct step step_of(const struct op *op)
{
    return (struct step){ .op = *op, .words = UINT32_MAX };
}

struct step step_with(struct step step, int asked, unsigned value)
{
    step.words &= ~(WORD_OPEN << WORD_BITS * asked);
    step.words |= word_numbered(value) << WORD_BITS * asked;
    return step;
}

/* The first word of the frame that the step has not been given; -1: none. */
static int word_open(const struct state *state, struct step step, unsigned f)
{
    for (unsigned i = nr_words(state->cell[f]); i < TABLE_ENTRIES; i++) {
        unsigned at = f * TABLE_ENTRIES + i;

        if ((step.words >> WORD_BITS * at & WORD_OPEN) == WORD_OPEN)
            return (int)at;
    }
    return -1;
}

/* The frame that has an owner now and had none before. */
static int frame_got(const struct state *before)
{
    for (int f = 0; f < FRAMES; f++)
        if (before->cell[f].owner == NO_OWNER && page_at((unsigned)f)->owner < DOMAINS)
            return f;
    return -1;
}

void memory_step(const struct state *state, struct step step, struct outcome *out)
{
    out->breach = NULL;
    out->cached = out->frame = 0;
    out->asked = -1;
    state_load(state);
    words_load(state, step.words);
    host.mapped = 0;
    op_run(&step.op);
    for (unsigned f = 0; f < FRAMES && out->asked < 0; f++)
        if (host.mapped & BIT(mfn_x(mfn_of(f))))
            out->asked = word_open(state, step, f);
    if (out->asked >= 0)
        return;
    cached_note();
    cached_check(out);
    out->got = frame_got(state);
    outcome_take(out);
}

/* ---- as C ---------------------------------------------------------------------------------- */

static void word_print(unsigned word, const uint8_t *name)
{
    if (word & 3)
        printf("pte(f[%u], %s)", name[word >> 2], (word & 3) == ENTRY_WRITE ? "RW" : "P");
    else
        printf("0");
}

static const char *const account_name[DOMAINS] = { "control", "guest" };

static void op_print(const struct op *op, const uint8_t *name, int got)
{
    const char *who = account_name[op->domain];
    unsigned f = name[op->frame];

    switch ((enum op_kind)op->kind) {
    case PIN:
        printf("    (void)!pt_pin(&%s, f[%u], PT_%s);\n", who, f, type_name[op->level]);
        break;
    case UNPIN:
        printf("    (void)!pt_unpin(&%s, f[%u]);\n", who, f);
        break;
    case ROOT_GET:
        printf("    (void)!pt_root_get(&%s, f[%u]);\n", who, f);
        break;
    case ROOT_PUT:
        printf("    (void)!pt_root_put(&%s, f[%u]);\n", who, f);
        break;
    case UPDATE:
        printf("    (void)!update_from(&%s, &%s, slot(f[%u], %u), ", who, account_name[op->owner],
               f, op->slot);
        word_print(op->word, name);
        printf(", PTE_NORMAL);\n");
        break;
    case EXCHANGE:
        printf("    (void)!pt_emulated_write(&%s, slot(f[%u], %u), ", who, f, op->slot);
        word_print(op->word, name);
        printf(", 8, &(uint64_t){ words(f[%u])[%u] });\n", f, op->slot);
        break;
    case ALLOC:
        if (got >= 0)
            printf("    f[%u] = frames_alloc(&%s, 0, 0);\n", name[got], who);
        else
            printf("    (void)!frames_alloc(&%s, 0, 0).v;\n", who);
        break;
    case GIVE_BACK:
        printf("    mm_lock(&%s);\n    (void)!page_give_back(page_of(f[%u]), &%s);\n"
               "    mm_unlock(&%s);\n",
               who, f, who, who);
    }
}

void step_print(struct step step, const uint8_t *name, int got)
{
    for (unsigned i = 0; i < FRAMES * TABLE_ENTRIES; i++) {
        unsigned word = step.words >> WORD_BITS * i & WORD_OPEN;

        if (word == WORD_OPEN)
            continue;
        printf("    words(f[%u])[%u] = ", name[i / TABLE_ENTRIES], i % TABLE_ENTRIES);
        word_print(word, name);
        printf(";\n");
    }
    op_print(&step.op, name, got);
}

void flush_print(uint8_t cached)
{
    for (unsigned d = 0; d < DOMAINS; d++)
        if (cached & CACHED_ALL << d)
            printf("    ck_assert_uint_eq(host.flushed_cpus & %s.cpus, %s.cpus);\n",
                   account_name[d], account_name[d]);
}

/* ---- at the start -------------------------------------------------------------------------- */

/* All orders that begin with the `nr` frames at `begin`. */
static void orders_from(const uint8_t *begin, unsigned nr)
{
    uint8_t more[FRAMES + 1];

    if (nr == FRAMES) {
        memcpy(order[nr_orders++], begin, FRAMES);
        return;
    }
    memcpy(more, begin, nr);
    for (uint8_t f = 0; f < FRAMES; f++) {
        more[nr] = f;
        if (nr == 0 || !memchr(begin, f, nr))
            orders_from(more, nr + 1);
    }
}

void memory_start(struct state *state)
{
    struct outcome out = { .asked = 0 };

    orders_from((const uint8_t *)"", 0);
    host_reset();
    frames_init(HOST_FRAMES_MAX * PAGE_SIZE, host_take);
    frames_end = mfn_x(mfn_of(FRAMES));
    for (unsigned f = 0; f < FRAMES; f++) {
        now.word[f] = machine_map(mfn_of(f));
        machine_clear_frame(mfn_of(f));
        frames_add(mfn_to_maddr(mfn_of(f)), mfn_to_maddr(mfn_of(f)) + PAGE_SIZE);
    }
    host.preempt = true;
    host.nr_cpus = 3; /* one for the control domain, two for the guest: both must be flushed */
    page_audit_others = others;
    for (unsigned d = 0; d < DOMAINS; d++) {
        account[d] = (struct mm_account){ .slot = (uint16_t)d,
                                          .is_control = d == 0,
                                          .frames_max = UINT64_MAX,
                                          .cpus = d == 0 ? 1 : 6 };
        if (mm_account_register(&account[d]))
            panic("an account is registered already");
    }
    outcome_take(&out);
    *state = out.state;
}
