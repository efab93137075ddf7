/* SPDX-License-Identifier: MIT */
/* mmuext_op: every command number with hostile arguments, bitmaps of vCPUs that are not there. */
#include "check.h"

static char page[4096] PAGE;

static long run(unsigned cmd, uint64_t arg1, uint64_t arg2)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.mfn = arg1, .arg2.vcpumask = arg2 };
    uint32_t done;

    return hypercall_mmuext_op(&op, 1, &done, DOMID_SELF);
}

void test_main(void)
{
    static const uint64_t odd[] = { 1UL << 40 | 1, ~0UL, 1UL << 63, 0xffff830000000000UL };
    uint64_t all = ~0UL, none = 0;
    unsigned taken = 0;

    for (unsigned cmd = 0; cmd < 64; cmd++)
        for (unsigned i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
            long result = run(cmd, odd[i], odd[i]);
            /* Flushes hurt nobody, and a table of 0 entries may be anywhere. */
            bool is_harmless = (cmd >= MMUEXT_TLB_FLUSH_LOCAL && cmd <= MMUEXT_FLUSH_CACHE) ||
                               cmd == MMUEXT_FLUSH_CACHE_GLOBAL ||
                               (cmd == MMUEXT_SET_LDT && !(uint32_t)odd[i]);

            if (result == 0 && !is_harmless && !taken++)
                console_print("command %u took %lx\n", cmd, odd[i]);
        }
    CHECK(taken, 0);
    CHECK(run(MMUEXT_TLB_FLUSH_MULTI, 0, (uint64_t)&all), 0);
    CHECK(run(MMUEXT_TLB_FLUSH_MULTI, 0, (uint64_t)&none), 0);
    CHECK(run(MMUEXT_INVLPG_MULTI, (uint64_t)page, (uint64_t)&all), 0);
    CHECK(run(MMUEXT_TLB_FLUSH_MULTI, 0, 0xffff830000000000UL) < 0, 1);
    CHECK(run(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
    CHECK(run(MMUEXT_INVLPG_ALL, (uint64_t)page, 0), 0);
    CHECK(run(63, 0, 0) < 0, 1);
    CHECK(run(~0u, 0, 0) < 0, 1);
    CHECK(test_write(page), -1);
}
