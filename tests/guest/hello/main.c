/* SPDX-License-Identifier: MIT */
/*
 * Hello: the start of day is as the interface says. The start info names us dom0, the p2m list and
 * the M2P table agree on every frame, the page tables map us linearly, and a hypercall answers.
 */
#include "check.h"

void test_main(void)
{
    const uint64_t *p2m = (const uint64_t *)start_info->mfn_list;
    unsigned long disagree = 0;

    console_print("hello from a guest with %lu frames\n", start_info->nr_pages);
    CHECK(start_info->magic[0] == 'x' && start_info->magic[3] == '-', 1);
    CHECK((start_info->flags & SIF_PRIVILEGED) != 0, test_is_dom0());
    for (uint64_t pfn = 0; pfn < start_info->nr_pages; pfn++)
        disagree += mfn_to_pfn(p2m[pfn]) != pfn;
    CHECK(disagree, 0);
    CHECK((*pte_of(start_info, 1) & PTE_ADDRESS) >> PAGE_SHIFT, virt_to_mfn(start_info));
    CHECK(*pte_of((void *)start_info->pt_base, 1) & PTE_W, 0);
    CHECK(hypercall_version_version() >> 16, 4);
    CHECK(_hypercall0(63), -XEN_ENOSYS);
}
