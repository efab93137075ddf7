/* SPDX-License-Identifier: MIT */
/* Counters of the board with a known rate, to measure the TSC against. */
#ifndef LAMINA_X86_REFERENCE_H
#define LAMINA_X86_REFERENCE_H

#include "lib/types.h"

struct reference {
    uint32_t (*read)(void); /* counts up and wraps at `mask` */
    uint32_t mask;
    uint64_t hz;
};

/* The i-th best that this machine has, running; NULL: no more. */
const struct reference *reference_get(unsigned i);

#endif
