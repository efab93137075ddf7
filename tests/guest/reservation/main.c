/* SPDX-License-Identifier: MIT */
/*
 * Frames outside of the pseudo-physical map: taken and given back by number, one by one and in
 * extents; up to the limit and no further, and counted right.
 */
#include "check.h"
#include "public/memory.h"

#define NR 16

static uint64_t frames[NR];
static struct xen_memory_domain self = { .domid = DOMID_SELF };

static struct xen_memory_reservation of(uint64_t nr, unsigned order)
{
    return (struct xen_memory_reservation){ .extent_start = (uint64_t)frames,
                                            .nr_extents = nr,
                                            .extent_order = order,
                                            .domid = DOMID_SELF };
}

static long current(void)
{
    return hypercall_memory_current_reservation(&self);
}

static void give_room(void)
{
    static char spare[NR][4096] PAGE;
    struct xen_memory_reservation op = of(NR, 0);

    for (unsigned i = 0; i < NR; i++) {
        frames[i] = virt_to_mfn(spare[i]);
        NEED(page_remap(spare[i], 0));
    }
    CHECK(hypercall_memory_decrease_reservation(&op), NR);
}

void test_main(void)
{
    struct xen_memory_domain nobody = { .domid = 4711 };
    struct xen_memory_reservation op = of(NR, 0);
    long before;
    unsigned different = 0;

    give_room();
    before = current();
    CHECK(hypercall_memory_increase_reservation(&op), NR);
    CHECK(current(), before + NR);
    for (unsigned i = 0; i < NR; i++)
        for (unsigned j = 0; j < i; j++)
            different += frames[i] != frames[j];
    CHECK(different, NR * (NR - 1) / 2);
    op = of(NR, 0);
    CHECK(hypercall_memory_decrease_reservation(&op), NR);
    CHECK(current(), before);
    CHECK(hypercall_memory_decrease_reservation(&op), 0); /* not twice */
    op = of(1, 60);
    CHECK(hypercall_memory_increase_reservation(&op) <= 0, 1);
    op = of(NR, 0);
    op.extent_start = 0xffff830000000000UL;
    CHECK(hypercall_memory_increase_reservation(&op) <= 0, 1);
    CHECK(current(), before);
    op = of(NR, 0);
    op.domid = 4711;
    CHECK(hypercall_memory_increase_reservation(&op) <= 0, 1);
    CHECK_NOBODY(hypercall_memory_current_reservation(&nobody));
    CHECK_NOBODY(hypercall_memory_maximum_gpfn(&nobody));
    CHECK(hypercall_memory_maximum_gpfn(&self) >= 0, 1);
    CHECK(hypercall_memory_maximum_ram_page() >= before, 1);
    CHECK(current(), before);
}
