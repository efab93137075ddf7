/* SPDX-License-Identifier: MIT */
/*
 * Ring: the two streams in the page that a domain shares for its console.
 *
 * The domain may write anything into the page at any time. Each index of its is read once, our own
 * indices are ours alone, and every access is masked; so nothing it writes leads outside the page
 * or makes us do more than one ring's work. An index that cannot be means that the domain started
 * over: what was in flight is given up, the stream goes on from there.
 */
#ifndef LAMINA_CONSOLED_RING_H
#define LAMINA_CONSOLED_RING_H

#include <stddef.h>
#include <stdint.h>

#include "public/io/console.h"

typedef volatile struct xencons_interface ring_page;

#define RING_OUT_SIZE sizeof(((struct xencons_interface *)0)->out)
#define RING_IN_SIZE  sizeof(((struct xencons_interface *)0)->in)

struct ring {
    ring_page *page;
    uint32_t out_cons; /* bytes taken from the domain */
    uint32_t in_prod;  /* bytes given to it */
};

/* Goes on where the page stands: also where a killed predecessor left it. */
void ring_attach(struct ring *ring, ring_page *page);

/*
 * Copies what the domain has said since; how many bytes. The domain sees that they were taken at
 * ring_taken(), when they are safe.
 */
size_t ring_take(struct ring *ring, uint8_t block[RING_OUT_SIZE]);
void ring_taken(struct ring *ring);

/* How many bytes the domain can be given now. */
size_t ring_room(struct ring *ring);

/* Gives it as many of the bytes as there is room for; how many. */
size_t ring_put(struct ring *ring, const uint8_t *data, size_t size);

#endif
