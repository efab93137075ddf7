/* SPDX-License-Identifier: MIT */
/* The clock's inside, for the rest of x86/: machine.h has what others use. */
#ifndef LAMINA_X86_CLOCK_H
#define LAMINA_X86_CLOCK_H

#include "lib/types.h"

/* First TSC value at which machine_now_ns() is at least `ns`; never 0, past or future. */
uint64_t clock_tsc_at(uint64_t ns);
/*
 * Two CPUs that call this again and again at one time find out whether one's counter is behind the
 * other's: then it does not count as stable.
 */
void clock_compare(void);
/* Wait, serving flush requests; before calibration a port access counts as a microsecond. */
void clock_wait_us(unsigned us);

#endif
