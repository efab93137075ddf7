/* SPDX-License-Identifier: MIT */
/*
 * Batches: page-table writes and other hypercalls collected and made in one entry to the
 * hypervisor, in order. What is queued has not happened yet: flush before the tables are used.
 */
#ifndef LAMINA_BATCH_H
#define LAMINA_BATCH_H

#include <stdint.h>

#include "public/xen.h"

#define BATCH_UPDATES 64u
#define BATCH_CALLS   16u

struct batch {
    struct mmu_update updates[BATCH_UPDATES];
    unsigned nr_updates;
    long error; /* of the first flush that failed; later writes are dropped */
};

/* An empty batch is all zeros. Queues one page-table entry; flushes by itself when full. */
void batch_pte(struct batch *batch, uint64_t maddr, uint64_t pte);

/* Makes what is queued. 0, or the error of the first entry that was refused; those before it were
 * made. The batch is empty again and its error forgotten. */
long batch_flush(struct batch *batch) __attribute__((warn_unused_result));

struct multicall {
    struct multicall_entry calls[BATCH_CALLS];
    unsigned nr_calls;
};

/* Queues a hypercall by its number; unused arguments are 0. -XEN_ENOSPC: BATCH_CALLS are queued. */
long multicall_add(struct multicall *multicall, unsigned nr, const uint64_t args[6])
    __attribute__((warn_unused_result));

/* Makes them all; 0, or the first negative result. The list is empty again. */
long multicall_flush(struct multicall *multicall) __attribute__((warn_unused_result));

#endif
