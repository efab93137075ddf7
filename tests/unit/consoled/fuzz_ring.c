/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer of dom0-tools/consoled/ring.c: the input is a program for a hostile domain and its daemon,
 * an instruction a byte, followed by an index where one is written. The page is an allocation of
 * its own, so that a byte beside it is seen.
 */
#include <stdlib.h>
#include <string.h>

#include "consoled/ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t next_index(const uint8_t **data, size_t *size)
{
    uint32_t value = 0;
    size_t take = *size < sizeof(value) ? *size : sizeof(value);

    memcpy(&value, *data, take);
    *data += take;
    *size -= take;
    return value;
}

static void require(int is_so)
{
    if (!is_so)
        abort();
}

static void daemon_step(struct ring *ring, uint8_t op)
{
    uint8_t block[RING_OUT_SIZE];

    switch (op % 4) {
    case 0:
        require(ring_take(ring, block) <= RING_OUT_SIZE);
        break;
    case 1:
        ring_taken(ring);
        break;
    case 2:
        memset(block, op, sizeof(block));
        require(ring_put(ring, block, (size_t)op * 8) <= RING_IN_SIZE);
        break;
    default:
        require(ring_room(ring) <= RING_IN_SIZE);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xencons_interface *page = calloc(1, sizeof(*page));
    struct ring ring;

    if (!page)
        return 0;
    page->out_cons = next_index(&data, &size);
    page->in_prod = next_index(&data, &size);
    ring_attach(&ring, page);
    while (size > 0) {
        uint8_t op = *data++;
        size--;
        if (op < 128) {
            daemon_step(&ring, op);
            continue;
        }
        uint32_t *indices[] = { &page->in_cons, &page->in_prod, &page->out_cons, &page->out_prod };
        *indices[op % 4] = next_index(&data, &size);
    }
    free(page);
    return 0;
}
