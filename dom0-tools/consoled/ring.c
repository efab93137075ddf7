/* SPDX-License-Identifier: MIT */
/*
 * Ring: copies between the shared page and the daemon's own memory.
 */
#include "consoled/ring.h"

void ring_attach(struct ring *ring, ring_page *page)
{
    ring->page = page;
    ring->out_cons = page->out_cons;
    ring->in_prod = page->in_prod;
}

size_t ring_take(struct ring *ring, uint8_t block[RING_OUT_SIZE])
{
    uint32_t prod = ring->page->out_prod;
    uint32_t size = prod - ring->out_cons;

    if (size > RING_OUT_SIZE) {
        ring->out_cons = prod;
        size = 0;
    }
    /* The bytes belong to the index that was just read; not before it. */
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < size; i++)
        block[i] = (uint8_t)ring->page->out[(ring->out_cons + i) & (RING_OUT_SIZE - 1)];
    ring->out_cons += size;
    return size;
}

void ring_taken(struct ring *ring)
{
    /* The domain may overwrite the bytes from here on; our reads of them are done. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    ring->page->out_cons = ring->out_cons;
}

size_t ring_room(struct ring *ring)
{
    uint32_t cons = ring->page->in_cons;
    uint32_t waiting = ring->in_prod - cons;

    if (waiting > RING_IN_SIZE) {
        ring->in_prod = cons;
        waiting = 0;
    }
    return RING_IN_SIZE - waiting;
}

size_t ring_put(struct ring *ring, const uint8_t *data, size_t size)
{
    size_t room = ring_room(ring);

    if (size > room)
        size = room;
    /* What is overwritten was read by the domain before it moved its index. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (size_t i = 0; i < size; i++)
        ring->page->in[(ring->in_prod + i) & (RING_IN_SIZE - 1)] = (char)data[i];
    __atomic_thread_fence(__ATOMIC_RELEASE);
    ring->in_prod += (uint32_t)size;
    ring->page->in_prod = ring->in_prod;
    return size;
}
