/* SPDX-License-Identifier: MIT */
/*
 * Throttle: how much of the daemon's time and of the disk's a domain may take. In each window of
 * time it may send so many events and say so much; beyond that its event channel stays masked, its
 * ring fills, and it waits. A kernel's start or a login session comes nowhere near.
 */
#ifndef LAMINA_CONSOLED_THROTTLE_H
#define LAMINA_CONSOLED_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define THROTTLE_WINDOW_NS  200000000u
#define THROTTLE_EVENTS_MAX 256u
#define THROTTLE_BYTES_MAX  ((size_t)128 << 10)

struct throttle {
    uint64_t window_end_ns;
    unsigned nr_events;
    size_t nr_bytes;
};

/* Whether an event is served now, or at throttle->window_end_ns. Time is CLOCK_MONOTONIC's. */
bool throttle_admit(struct throttle *throttle, uint64_t now_ns);
void throttle_count(struct throttle *throttle, size_t nr_bytes);

#endif
