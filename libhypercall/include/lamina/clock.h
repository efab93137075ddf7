/* SPDX-License-Identifier: MIT */
/* Time: the paravirtual clock, and one deadline. Needs event_init(). */
#ifndef LAMINA_CLOCK_H
#define LAMINA_CLOCK_H

#include <stdint.h>

/* Nanoseconds since the machine started, by the clock page of vCPU 0; never goes backwards. */
uint64_t clock_now_ns(void);

/* Nanoseconds since 1970, UTC. */
uint64_t clock_wall_ns(void);

/*
 * VIRQ_TIMER of the calling vCPU comes once clock_now_ns() reaches the deadline; an earlier one is
 * replaced, a past one fires at once. 0, or the hypercall's error.
 */
long clock_set_deadline(uint64_t deadline_ns);

#endif
