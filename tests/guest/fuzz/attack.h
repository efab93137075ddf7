/* SPDX-License-Identifier: MIT */
/* The attacker's parts: what it does (attack.c), with what (place.c), and how (deed.c). */
#ifndef TESTS_GUEST_FUZZ_ATTACK_H
#define TESTS_GUEST_FUZZ_ATTACK_H

#include "board.h"
#include "fuzz.h"

#define ARENA_PAGES 64

extern uint64_t arena[ARENA_PAGES][512];

/* The arena's frames, what to aim at, and where its own page tables are. */
void place_init(const volatile struct board *board, uint64_t (*frame_of)(const void *),
                uint64_t first_table, uint64_t nr);
/* The next thing: chosen by attack.c alone, done by deed.c. */
void attack_step(const struct domain *d);

/* ---- deed.c: a fault in any of these ends that deed only ------------------------------------- */

struct registers {
    uint64_t rax, rbx, rcx, rdx;
};
void deed_prepare(void);                        /* handlers, stack and timer as they should be */
void deed_call(const struct call *call);        /* a hypercall */
void deed_write(uint64_t va, uint64_t value);   /* a word */
void deed_read(uint64_t va);
void deed_code(const uint8_t *code, size_t bytes, const struct registers *r);
uint64_t deed_entry(uint64_t va);               /* where the L1 entry of an arena page shows */
void deed_event_word(unsigned what, uint64_t value); /* in shared info */
void deed_grant(unsigned ref, uint16_t flags, domid_t to, uint32_t frame);

#endif
