/* SPDX-License-Identifier: MIT */
/*
 * Retry: a timer that is set while a try is due.
 */
#include "common/retry.h"

#include "common/clock.h"

static void try_again(void *context)
{
    struct retry *retry = context;

    retry->is_set = false;
    retry->again(retry->context);
}

int retry_open(struct retry *retry, struct loop *loop, unsigned delay_ms,
               void (*again)(void *context), void *context)
{
    *retry = (struct retry){ .delay_ms = delay_ms, .again = again, .context = context };
    return timer_open(&retry->timer, loop, try_again, retry);
}

void retry_close(struct retry *retry)
{
    timer_close(&retry->timer);
}

void retry_later(struct retry *retry)
{
    uint64_t at_ns = clock_now_ns() + (uint64_t)retry->delay_ms * NS_PER_MS;

    if (!retry->is_set)
        retry->is_set = timer_set(&retry->timer, at_ns) == 0;
}
