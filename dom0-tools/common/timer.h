/* SPDX-License-Identifier: MIT */
/*
 * Timer: a moment of the monotonic clock at which an event loop calls its owner, once. Setting it
 * needs no memory.
 */
#ifndef LAMINA_COMMON_TIMER_H
#define LAMINA_COMMON_TIMER_H

#include <stdint.h>

#include "common/loop.h"

struct timer {
    struct loop_source source; /* first */
    struct loop *loop;
    void (*expired)(void *context);
    void *context;
};

/* 0, or a negative errno value. */
int timer_open(struct timer *timer, struct loop *loop, void (*expired)(void *context),
               void *context) __attribute__((warn_unused_result));
void timer_close(struct timer *timer);

/* At that time instead of an earlier choice; 0: not at all. 0, or a negative errno value. */
int timer_set(struct timer *timer, uint64_t at_ns) __attribute__((warn_unused_result));

#endif
