/* SPDX-License-Identifier: MIT */
/*
 * The small machine whose states are searched: the real code of hypervisor/mm/, two accounts (a
 * control account and a guest), FRAMES frames, tables of TABLE_ENTRIES entries, and an allowance of
 * one entry a lock, so that long work is interrupted wherever it can be. memory.c has the machine,
 * reach.c the search.
 *
 * What processors may still have cached belongs to a state. The control account runs on one CPU,
 * the guest on two others. A frame is remembered as cached by an account from when an entry maps it
 * until all of the account's CPUs are flushed: the union of their TLBs, of which each may hold all
 * of it.
 *
 * Words that are no entries which hold references do not belong to it: most of them their account
 * may write at any time. An operation that looks at such a word is tried with each value that it
 * can have.
 *
 * Two machines can be built. In one the frames are neighbours, which the allocator joins, and the
 * order of its lists is part of a state. With APART they lie apart, any free frame may be handed
 * out next, and states that differ only in the frames' numbers are one; so larger machines can be
 * searched. Accounts are never exchanged: they differ in what they may.
 */
#ifndef LAMINA_TESTS_MEMORY_H
#define LAMINA_TESTS_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#ifndef FRAMES
#define FRAMES 2
#endif
#define FRAMES_MAX 4

enum entry_kind { ENTRY_NONE, ENTRY_READ, ENTRY_WRITE, ENTRY_KINDS };
/* A word, in four bits: enum entry_kind, and from bit 2 the number of the frame that it names. */
#define WORD_BITS   4
#define WORD_OPEN   0xfu /* not looked at yet */
#define WORD_VALUES (1 + (ENTRY_KINDS - 1) * FRAMES)

/* All that distinguishes a frame from another. */
union cell {
    struct {
        uint32_t refs : 4, type_refs : 4, owner : 2, type : 3, flags : 8;
        uint32_t mark : 2; /* progress, or 1: the stamp is that of now */
        uint32_t is_root : 1;
        uint32_t words : 8; /* those that are entries which hold references */
    };
    struct {
        uint32_t previous : 4, : 4 + 2 + 3 + 8 + 2 + 1, next : 8; /* of a free one: number + 1 */
    };
    uint32_t bits;
};

/* All that distinguishes states: the cells, and with the same cells what may be cached of each. */
struct state {
    union cell cell[FRAMES];
    uint8_t cached[FRAMES_MAX]; /* CACHED_* << account */
};

enum op_kind { PIN, UNPIN, ROOT_GET, ROOT_PUT, UPDATE, EXCHANGE, ALLOC, GIVE_BACK };

struct op {
    uint16_t kind : 3, domain : 1, owner : 1, frame : 2, level : 3, slot : 1, word : 4;
};

/* An operation, and the words that it was given to look at: frame by frame, all of each. */
struct step {
    struct op op;
    uint32_t words;
};

struct outcome {
    struct state state;
    int asked;           /* a word that must be chosen, and there is no outcome yet; or -1 */
    uint8_t was[FRAMES]; /* each frame's number before */
    int got;             /* number before of the frame that was handed out, or -1 */
    const char *breach;  /* NULL: none */
    /* A breach by what is cached: the bit, and its frame's number before. */
    uint8_t cached, frame;
};

void memory_start(struct state *state);
/* Each operation that is not refused at the first look. */
void memory_ops(const struct state *state, void (*each)(const struct op *op));
struct step step_of(const struct op *op);
/* The same with value 0..WORD_VALUES-1 in the word that was asked for. */
struct step step_with(struct step step, int asked, unsigned value);
void memory_step(const struct state *state, struct step step, struct outcome *out);
/* What must hold whatever is cached: after memory_step(). NULL or a breach. */
const char *memory_audit(void);
/* As C, for a test that has the rig of tests/unit/mm/; name[]: what each frame is called there. */
void step_print(struct step step, const uint8_t *name, int got);
extern const char *const memory_layout; /* how its frames lie, as an end of a sentence */
/* ... what must have come between `host.flushed_cpus = 0` and a breach by the bit; 0: nothing. */
void flush_print(uint8_t cached);

/* The code gave up while a step was tried: says so and ends. From reach.c. */
void __attribute__((__noreturn__)) reach_panic(const char *why);

#endif
