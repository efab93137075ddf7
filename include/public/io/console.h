/* SPDX-License-Identifier: MIT */
/*
 * The console ring of a domU: one page shared with the console daemon. Indices run freely; each is
 * written by one side only and taken modulo the buffer size.
 */
#ifndef PUBLIC_IO_CONSOLE_H
#define PUBLIC_IO_CONSOLE_H

#include <stdint.h>

typedef uint32_t XENCONS_RING_IDX;

#define MASK_XENCONS_IDX(idx, ring) ((idx) & (sizeof(ring) - 1))

struct xencons_interface {
    char in[1024];  /* towards the domain */
    char out[2048]; /* from the domain */
    XENCONS_RING_IDX in_cons;
    XENCONS_RING_IDX in_prod;
    XENCONS_RING_IDX out_cons;
    XENCONS_RING_IDX out_prod;
};

#endif
