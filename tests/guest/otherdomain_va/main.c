/* SPDX-License-Identifier: MIT */
/*
 * update_va_mapping_otherdomain: dom0's, and with frames of a domain that exists. Nobody else maps
 * anything by it, and what was mapped stays.
 */
#include "check.h"

static char page[4096] PAGE;

static long map(uint64_t entry, domid_t owner)
{
    return hypercall_update_va_mapping_otherdomain((uint64_t)page, entry, UVMF_INVLPG, owner);
}

void test_main(void)
{
    uint64_t before = *pte_of(page, 1);
    static const domid_t nobody[] = { 77, 4711, 32751 };

    for (unsigned i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++)
        CHECK_NOBODY(map(before, nobody[i]));
    CHECK(map(pte_make(virt_to_mfn((void *)start_info->pt_base), PTE_P | PTE_W), DOMID_IO) < 0, 1);
    CHECK(map(pte_make(0, PTE_P | PTE_W), DOMID_XEN) < 0, 1);
    CHECK(*pte_of(page, 1), before);
    CHECK(test_write(page), -1);
    CHECK(hypercall_update_va_mapping_otherdomain(0x0000800000000000UL, 0, 0, 77) < 0, 1);
    CHECK(hypercall_update_va_mapping_otherdomain(0xffff830000000000UL, 0, 0, 77) < 0, 1);
}
