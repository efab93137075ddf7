/* SPDX-License-Identifier: MIT */
/* Batches of page-table writes and of hypercalls. */
#include <stddef.h>

#include "lamina/batch.h"
#include "lamina/hypercall.h"
#include "public/errno.h"

static void updates_make(struct batch *batch)
{
    long error = 0;

    if (batch->nr_updates && !batch->error)
        error = hypercall_mmu_update(batch->updates, batch->nr_updates, NULL, DOMID_SELF);
    if (error)
        batch->error = error;
    batch->nr_updates = 0;
}

void batch_pte(struct batch *batch, uint64_t maddr, uint64_t pte)
{
    if (batch->nr_updates == BATCH_UPDATES)
        updates_make(batch);
    batch->updates[batch->nr_updates++] =
        (struct mmu_update){ .ptr = maddr | MMU_NORMAL_PT_UPDATE, .val = pte };
}

long batch_flush(struct batch *batch)
{
    long error;

    updates_make(batch);
    error = batch->error;
    batch->error = 0;
    return error;
}

long multicall_add(struct multicall *multicall, unsigned nr, const uint64_t args[6])
{
    struct multicall_entry *call = &multicall->calls[multicall->nr_calls];

    if (multicall->nr_calls == BATCH_CALLS)
        return -XEN_ENOSPC;
    *call = (struct multicall_entry){ .op = nr };
    for (unsigned i = 0; i < 6; i++)
        call->args[i] = args[i];
    multicall->nr_calls++;
    return 0;
}

long multicall_flush(struct multicall *multicall)
{
    unsigned nr = multicall->nr_calls;
    long error = nr ? hypercall_multicall(multicall->calls, nr) : 0;

    multicall->nr_calls = 0;
    for (unsigned i = 0; i < nr && !error; i++)
        if ((long)multicall->calls[i].result < 0)
            error = (long)multicall->calls[i].result;
    return error;
}
