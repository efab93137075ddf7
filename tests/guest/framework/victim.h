/* SPDX-License-Identifier: MIT */
/*
 * The victim beside a guest that attacks: a domain that checks its own memory, registers, clock and
 * timer round after round (tests/guest/victim) and that must notice nothing. This is how dom0 makes
 * it and asks how it is; they share a board.
 */
#ifndef TESTS_GUEST_VICTIM_H
#define TESTS_GUEST_VICTIM_H

#include "domain.h"

#define VICTIM_FRAMES 2048
#define VICTIM_ROOM   2560 /* with what the hypervisor needs for it */

struct victim_board {
    /* --- written by dom0 --- */
    uint32_t attacker; /* whom to grant to; 0: nobody */
    /* --- written by the victim --- */
    uint32_t granted; /* the attacker that has its grants */
    uint32_t broken;  /* 0, or the line of the check that did not hold */
    uint64_t progress, detail;
};

/* Makes it and lets it run; event_init() and domain_room() come first. Once. */
void victim_make(void);
/* Has it gone round wholly from now on, and is all as it should be? Says what is not. */
bool victim_is_well(void);
/* Has it grant two pages and an event channel to that domain: false if it does not. */
bool victim_serves(domid_t attacker);
uint64_t victim_rounds(void);
/* The machine frame of its pseudo-physical one. */
uint64_t victim_frame(uint64_t pfn);
/* Sleeps until it says something or for `ns`. */
void victim_wait(uint64_t ns);
/* As domain_destroy(). */
bool victim_destroy(void);

#endif
