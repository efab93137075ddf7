/* SPDX-License-Identifier: MIT */
/*
 * Time: the paravirtual clock, and one deadline a vCPU. All is in nanoseconds. Needs event_init().
 * Source: struct vcpu_time_info and the wc_ fields of struct shared_info (public/xen.h);
 * hypercall 15 (set_timer_op) of the Xen PV ABI.
 */
#ifndef LAMINA_CLOCK_H
#define LAMINA_CLOCK_H

#include <stdint.h>

/* Returns the time since the machine started, by the clock of vCPU 0; never goes backwards. */
uint64_t clock_now_ns(void);

/* Returns the time since 1970, UTC; it jumps when the control domain sets the clock. */
uint64_t clock_wall_ns(void);

/*
 * VIRQ_TIMER of the calling vCPU comes once clock_now_ns() reaches deadline_ns; an earlier deadline
 * is replaced, a past one (and 0) fires at once. Returns 0; the call cannot fail.
 */
long clock_set_deadline(uint64_t deadline_ns);

#endif
