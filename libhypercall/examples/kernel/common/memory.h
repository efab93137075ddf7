/* SPDX-License-Identifier: MIT */
/* Frames of memory, and address spaces made of them. */
#ifndef KERNEL_MEMORY_H
#define KERNEL_MEMORY_H

#include "common/machine.h"

static inline void *frame_address(uint64_t frame)
{
    return (void *)(VIRT_BASE + frame * PAGE_BYTES);
}

static inline uint64_t frame_of(const void *address)
{
    return ((uint64_t)address - VIRT_BASE) / PAGE_BYTES;
}

void memory_init(void);
uint64_t memory_free_frames(void);
uint64_t frame_take(void); /* a zeroed one; ends the kernel when there is none */
void frame_give(uint64_t frame);

/* An address space is the frame of its root. */
uint64_t space_new(void);
/* Maps a frame at a user address, from machine_flush() on. 0, or the machine refuses. */
int space_map(uint64_t root, uint64_t address, uint64_t frame, uint64_t flags);

#endif
