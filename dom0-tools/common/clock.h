/* SPDX-License-Identifier: MIT */
/*
 * The clock that deadlines and intervals are taken from: CLOCK_MONOTONIC, which nobody sets.
 */
#ifndef LAMINA_COMMON_CLOCK_H
#define LAMINA_COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_S  UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

static inline uint64_t clock_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* As poll() and its like count. */
static inline int64_t clock_now_ms(void)
{
    return (int64_t)(clock_now_ns() / NS_PER_MS);
}

#endif
