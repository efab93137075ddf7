/* SPDX-License-Identifier: MIT */
/*
 * Throttle: counts in windows that begin with the first event after the last one.
 */
#include "consoled/throttle.h"

bool throttle_admit(struct throttle *throttle, uint64_t now_ns)
{
    if (now_ns >= throttle->window_end_ns)
        *throttle = (struct throttle){ .window_end_ns = now_ns + THROTTLE_WINDOW_NS };
    if (throttle->nr_events >= THROTTLE_EVENTS_MAX || throttle->nr_bytes >= THROTTLE_BYTES_MAX)
        return false;
    throttle->nr_events++;
    return true;
}

void throttle_count(struct throttle *throttle, size_t nr_bytes)
{
    throttle->nr_bytes += nr_bytes;
}
