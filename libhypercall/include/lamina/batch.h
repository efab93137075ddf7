/* SPDX-License-Identifier: MIT */
/*
 * Batches: page-table writes and other hypercalls collected and made in one entry to the
 * hypervisor, in order. What is queued has not happened yet: flush before the tables are used.
 * A batch belongs to one vCPU at a time.
 * Source: hypercalls 1 (mmu_update) and 13 (multicall) of the Xen PV ABI, docs/hypercalls.md.
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

/*
 * Queues the write of `pte` to the page-table entry at machine address `maddr` (a multiple of 8)
 * into `batch`, of which an empty one is all zeros. With BATCH_UPDATES queued it flushes by itself;
 * that flush's error is kept for batch_flush().
 */
void batch_pte(struct batch *batch, uint64_t maddr, uint64_t pte);

/*
 * Makes what is queued in `batch`, which is empty afterwards, its error forgotten. Returns 0, or
 * what mmu_update said of the first entry that it refused (those before it were made):
 * -XEN_EINVAL: no page table at maddr, or an entry that would break the rules of docs/memory.md.
 */
long batch_flush(struct batch *batch) __attribute__((warn_unused_result));

/* Calls to be made at once; an empty one is all zeros. */
struct multicall {
    struct multicall_entry calls[BATCH_CALLS];
    unsigned nr_calls;
};

/*
 * Queues hypercall `nr` (__HYPERVISOR_*) with `args` in the order of the registers, unused ones 0,
 * into `multicall`. Pointers among them must hold until the flush. Returns 0;
 * -XEN_ENOSPC: BATCH_CALLS are queued.
 */
long multicall_add(struct multicall *multicall, unsigned nr, const uint64_t args[6])
    __attribute__((warn_unused_result));

/*
 * Makes them all, also behind one that fails; `multicall` is empty afterwards, and calls[].result
 * has each result. Returns 0, or the first negative one: -XEN_ENOSYS: no such hypercall, or
 * what the call itself says.
 */
long multicall_flush(struct multicall *multicall) __attribute__((warn_unused_result));

#endif
