/* SPDX-License-Identifier: MIT */
/*
 * Multicalls: none, themselves inside themselves, numbers that do not exist, results into memory
 * that is not writable. Each member gets its own answer.
 */
#include "check.h"

static struct multicall_entry calls[8], inner[1];
static struct multicall_entry fixed PAGE;

void test_main(void)
{
    CHECK(hypercall_multicall(calls, 0), 0);
    calls[0] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version };
    calls[1] = (struct multicall_entry){ .op = __HYPERVISOR_multicall,
                                         .args = { (uint64_t)inner, 1 } };
    calls[2] = (struct multicall_entry){ .op = 63 };
    calls[3] = (struct multicall_entry){ .op = ~0UL };
    calls[4] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version, .args = { ~0UL } };
    calls[5] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version };
    inner[0] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version };
    CHECK(hypercall_multicall(calls, 6), 0);
    CHECK((long)calls[0].result > 0, 1);
    CHECK((long)calls[1].result < 0, 1);
    CHECK((long)calls[2].result, -XEN_ENOSYS);
    CHECK((long)calls[3].result, -XEN_ENOSYS);
    CHECK((long)calls[4].result, -XEN_ENOSYS);
    CHECK(calls[5].result, calls[0].result);
    fixed.op = __HYPERVISOR_xen_version;
    NEED(page_remap(&fixed, *pte_of(&fixed, 1) & ~PTE_W));
    CHECK(hypercall_multicall(&fixed, 1), -XEN_EFAULT);
    CHECK(fixed.result, 0);
    CHECK(hypercall_multicall(calls, ~0u) < 0, 1);
}
