/* SPDX-License-Identifier: MIT */
/* CLEAR_PAGE and COPY_PAGE write frames of ours only, and never a page table. */
#include "check.h"

static char from[4096] PAGE, to[4096] PAGE;

static long run(unsigned cmd, uint64_t dest, uint64_t source)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.mfn = dest, .arg2.src_mfn = source };

    return hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

void test_main(void)
{
    uint64_t table = virt_to_mfn((void *)((uint64_t)pte_of(from, 1) & ~0xfffUL));
    uint64_t before = *pte_of(from, 1);

    from[7] = 42;
    CHECK(run(MMUEXT_COPY_PAGE, virt_to_mfn(to), virt_to_mfn(from)), 0);
    CHECK(to[7], 42);
    CHECK(run(MMUEXT_CLEAR_PAGE, virt_to_mfn(to), 0), 0);
    CHECK(to[7], 0);
    CHECK_REFUSED(run(MMUEXT_CLEAR_PAGE, table, 0));
    CHECK_REFUSED(run(MMUEXT_COPY_PAGE, table, virt_to_mfn(from)));
    CHECK_REFUSED(run(MMUEXT_CLEAR_PAGE, ~0UL, 0));
    CHECK_REFUSED(run(MMUEXT_COPY_PAGE, virt_to_mfn(to), 1UL << 40));
    CHECK(*pte_of(from, 1), before);
    CHECK(from[7], 42);
}
