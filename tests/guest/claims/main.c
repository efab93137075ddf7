/* SPDX-License-Identifier: MIT */
/* Claims on free memory are a matter of the toolstack: others may not, and nobody may too much. */
#include "check.h"
#include "public/memory.h"

static long claim(domid_t domid, uint64_t frames, unsigned order)
{
    struct xen_memory_reservation op = { .nr_extents = frames,
                                         .domid = domid,
                                         .extent_order = order };

    return hypercall_memory_claim_pages(&op);
}

void test_main(void)
{
    struct xen_memory_domain self = { .domid = DOMID_SELF };
    long before = hypercall_memory_current_reservation(&self);

    CHECK(claim(4711, 16, 0) < 0, 1);
    CHECK(claim(DOMID_SELF, 1UL << 50, 0) < 0, 1);
    CHECK(claim(DOMID_SELF, ~0UL, 0) < 0, 1);
    CHECK(claim(DOMID_SELF, 16, 3) < 0, 1); /* of single frames only */
    CHECK(hypercall_memory_current_reservation(&self), before);
}
