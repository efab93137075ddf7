/* SPDX-License-Identifier: MIT */
/*
 * The simulated machine of tests/sim/ with a thread for each CPU: what the hypervisor's processors
 * do to each other happens here as there, and ThreadSanitizer watches. The rest of the machine, and
 * what guests do, is that of the simulation and of tests/fuzz/hypercall/.
 *
 * CPUs run freely for a round of some actions each, then come to rest, so that counts can be
 * compared with a recount; nothing is replayed.
 */
#ifndef LAMINA_TESTS_RACE_H
#define LAMINA_TESTS_RACE_H

#include "sim.h"

/* The driver's part. On the thread of `cpu`, whose vCPU is in ring 3: one action. */
void race_act(unsigned cpu);
/* On CPU 0, with all at rest: true: go on with actions per CPU in *quota. */
bool race_rest(unsigned *quota);

/* world_build() and what follows, until race_rest() says no or dom0 ends the machine. */
void race_run(void);

#endif
