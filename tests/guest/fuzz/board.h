/* SPDX-License-Identifier: MIT */
/*
 * The page that the fuzzing guest as dom0 (main.c) shares with itself as attacker (attack.c).
 */
#ifndef TESTS_GUEST_FUZZ_BOARD_H
#define TESTS_GUEST_FUZZ_BOARD_H

#include <stdint.h>

#define BOARD_FRAMES 64

struct board {
    /* --- written by dom0 --- */
    uint64_t seed, steps;
    uint64_t victim_frames[BOARD_FRAMES]; /* what to aim at */
    /* --- written by the attacker --- */
    uint64_t progress; /* steps done */
};

void attack_run(volatile struct board *board) __attribute__((noreturn));

#endif
