/* SPDX-License-Identifier: MIT */
/*
 * Grants. Free references form a list through an array of our own: the table itself is shared, and
 * the hypervisor sets bits in it while a grant is in use.
 */
#include <stddef.h>

#include "lamina/grant.h"
#include "lamina/hypercall.h"
#include "lamina/paging.h"
#include "public/errno.h"

#define ENTRIES (GRANT_FRAMES * PAGE_SIZE / sizeof(struct grant_entry_v1))

static struct grant_entry_v1 table[ENTRIES] __attribute__((aligned(4096)));
static uint16_t next_free[ENTRIES]; /* of a free reference: the next one, 0 at the end */
static grant_ref_t first_free;
static unsigned nr_given;

static long table_map(const uint64_t *frames)
{
    long error = 0;

    for (unsigned i = 0; i < GRANT_FRAMES && !error; i++)
        error = page_remap((char *)table + i * PAGE_SIZE,
                           pte_make(frames[i], PTE_P | PTE_W | PTE_NX));
    return error;
}

long grant_init(void)
{
    uint64_t frames[GRANT_FRAMES];
    struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = GRANT_FRAMES,
                                     .frame_list = (uint64_t)frames };
    long error = hypercall_gnttab_setup_table(&op);

    if (!error && op.status != GNTST_okay)
        error = -XEN_ENOSPC;
    if (!error)
        error = table_map(frames);
    if (error)
        return error;
    for (grant_ref_t ref = ENTRIES - 1; ref >= GNTTAB_NR_RESERVED_ENTRIES; ref--) {
        next_free[ref] = (uint16_t)first_free;
        first_free = ref;
    }
    return 0;
}

grant_ref_t grant_give(domid_t domain, const void *page, bool is_readonly)
{
    grant_ref_t ref = first_free;
    uint16_t flags = GTF_permit_access | (is_readonly ? GTF_readonly : 0);

    if (ref == GRANT_NONE)
        return GRANT_NONE;
    first_free = next_free[ref];
    nr_given++;
    table[ref].domid = domain;
    table[ref].frame = (uint32_t)virt_to_mfn(page);
    /* The entry counts from the moment that its flags are seen. */
    __atomic_store_n(&table[ref].flags, flags, __ATOMIC_RELEASE);
    return ref;
}

bool grant_take_back(grant_ref_t ref)
{
    uint16_t flags;

    if (ref < GNTTAB_NR_RESERVED_ENTRIES || ref >= ENTRIES)
        return false;
    flags = __atomic_load_n(&table[ref].flags, __ATOMIC_RELAXED);
    do {
        if (flags & (GTF_reading | GTF_writing))
            return false;
    } while (!__atomic_compare_exchange_n(&table[ref].flags, &flags, 0, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED));
    next_free[ref] = (uint16_t)first_free;
    first_free = ref;
    nr_given--;
    return true;
}

unsigned grant_count(void)
{
    return nr_given;
}
