/* SPDX-License-Identifier: MIT */
/* update_va_mapping: addresses that nothing maps, entries that are wrong, flags of all kinds. */
#include "check.h"

static char page[4096] PAGE;

void test_main(void)
{
    uint64_t good = *pte_of(page, 1);
    unsigned odd = 0;

    CHECK(hypercall_update_va_mapping(0x123000, good, 0), -XEN_EINVAL);
    CHECK(hypercall_update_va_mapping(0x0000800000000000UL, good, 0), -XEN_EINVAL);
    CHECK(hypercall_update_va_mapping(0xffff830000000000UL, good, 0) < 0, 1);
    CHECK_REFUSED(hypercall_update_va_mapping((uint64_t)page, good | PTE_PS << 5 | 1UL << 51, 0));
    CHECK_REFUSED(hypercall_update_va_mapping(
        (uint64_t)page, pte_make(virt_to_mfn((void *)start_info->pt_base), PTE_P | PTE_W), 0));
    for (unsigned flags = 0; flags < 16; flags++) {
        long result = hypercall_update_va_mapping((uint64_t)page, good, flags);

        odd += result != 0 && result != -XEN_EINVAL && result != -XEN_EFAULT &&
               result != -XEN_ENOSYS;
    }
    CHECK(odd, 0);
    CHECK(hypercall_update_va_mapping((uint64_t)page, good, UVMF_INVLPG | UVMF_ALL), 0);
    CHECK(hypercall_update_va_mapping((uint64_t)page, good,
                                      UVMF_TLB_FLUSH | 0xffff830000000000UL) < 0,
          1);
    CHECK(*pte_of(page, 1) & PTE_ADDRESS, good & PTE_ADDRESS);
    CHECK(test_write(page), -1);
}
