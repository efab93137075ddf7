/* SPDX-License-Identifier: MIT */
/*
 * The fuzzing guest in its three roles. dom0 (main.c) makes a victim (victim.c) and one attacker
 * after the other (attack.c) out of the same image, and shares a page with each.
 */
#ifndef TESTS_GUEST_FUZZ_BOARD_H
#define TESTS_GUEST_FUZZ_BOARD_H

#include <stdint.h>

#define BOARD_FRAMES 64

struct board {
    /* --- written by dom0 --- */
    uint32_t is_attacker;
    uint32_t attacker; /* for the victim: whom to grant to */
    uint64_t seed, steps;
    uint64_t victim_frames[BOARD_FRAMES]; /* for the attacker: what to aim at */
    /* --- written by the guest --- */
    uint64_t progress; /* steps done, or rounds of checks */
    uint32_t granted;  /* the attacker that has its grants */
    uint32_t broken;   /* 0, or the line of the check that did not hold */
    uint64_t detail;
};

void victim_run(volatile struct board *board) __attribute__((noreturn));
void attack_run(volatile struct board *board) __attribute__((noreturn));

#endif
