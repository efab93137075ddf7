/* SPDX-License-Identifier: MIT */
/* The machine-to-physical table can be read by every guest and written by none, by any path. */
#include "check.h"

void test_main(void)
{
    volatile uint64_t *table = (volatile uint64_t *)MACH2PHYS_VIRT_START;
    uint64_t mfn = virt_to_mfn(start_info), before = table[mfn];

    CHECK(before, virt_to_pfn(start_info));
    CHECK(test_write(&table[mfn]), 14);
    CHECK_REFUSED(hypercall_update_va_mapping((uint64_t)table, pte_make(mfn, PTE_P | PTE_W), 0));
    CHECK(hypercall_version_capabilities((void *)&table[mfn]), -XEN_EFAULT);
    CHECK(table[mfn], before);
}
