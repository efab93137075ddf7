/* SPDX-License-Identifier: MIT */
/*
 * Ticks of a counter as nanoseconds, in the form that guests are told: shift, then multiply by a
 * 32-bit fraction. Pure arithmetic.
 */
#ifndef LAMINA_X86_SCALE_H
#define LAMINA_X86_SCALE_H

#include "lib/types.h"

#define NS_PER_S UINT64_C(1000000000)

struct scale {
    uint32_t mul; /* of 2^32; its top bit is set, for the best precision */
    int8_t shift; /* ticks << shift, or >> -shift */
};

/* `hz` ticks a second, 1 kHz to 1 THz: outside, the nearer end. */
struct scale scale_from_hz(uint64_t hz);
/* (ticks shifted) * mul >> 32 */
uint64_t scale_to_ns(struct scale s, uint64_t ticks);
/* The least number of ticks that scale_to_ns() turns into `ns` or more; saturates. */
uint64_t scale_to_ticks(struct scale s, uint64_t ns);

#endif
