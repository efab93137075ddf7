/* SPDX-License-Identifier: MIT */
/*
 * Retry: what could not be done now, for lack of memory or of somebody to ask, is tried again after
 * a while. However often it is asked for in the meantime, it is one try.
 */
#ifndef LAMINA_COMMON_RETRY_H
#define LAMINA_COMMON_RETRY_H

#include <stdbool.h>

#include "common/timer.h"

struct retry {
    struct timer timer;
    unsigned delay_ms;
    void (*again)(void *context);
    void *context;
    bool is_set;
};

/* 0, or a negative errno value. */
int retry_open(struct retry *retry, struct loop *loop, unsigned delay_ms,
               void (*again)(void *context), void *context) __attribute__((warn_unused_result));
void retry_close(struct retry *retry);

/* Calls again() once, delay_ms from now or when it was asked for before. */
void retry_later(struct retry *retry);

#endif
