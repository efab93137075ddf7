/* SPDX-License-Identifier: MIT */
/*
 * Slots 256 to 271 of every L4 are the hypervisor's: what a guest writes there is refused, or stays
 * out of the table that is used, and a table with something in them cannot be pinned with it.
 */
#include "check.h"

#define FIRST 256
#define LAST  271

static uint64_t root[512] PAGE, other[512] PAGE;

void test_main(void)
{
    const uint64_t *current = (const uint64_t *)start_info->pt_base;
    uint64_t maddr = virt_to_mfn(current) << PAGE_SHIFT;
    unsigned changed = 0;

    for (unsigned slot = FIRST; slot <= LAST; slot++) {
        uint64_t before = current[slot];

        (void)pte_write(maddr + slot * 8, pte_make(virt_to_mfn(other), PTE_P | PTE_W));
        (void)pte_write(maddr + slot * 8, 0);
        changed += current[slot] != before;
    }
    CHECK(changed, 0);
    /* A root of our own that names our frame where the hypervisor's tables belong. */
    root[511] = *pte_of((void *)VIRT_BASE, 4);
    root[FIRST + 6] = pte_make(virt_to_mfn(other), PTE_P | PTE_W);
    NEED(page_remap(root, pte_make(virt_to_mfn(root), PTE_P | PTE_NX)));
    if (mmuext_frame(MMUEXT_PIN_L4_TABLE, virt_to_mfn(root)) == 0) {
        CHECK(mmuext_frame(MMUEXT_NEW_BASEPTR, virt_to_mfn(root)), 0);
        CHECK(test_write(other), -1); /* still ours, and no table */
        CHECK((root[FIRST + 6] & PTE_ADDRESS) >> PAGE_SHIFT != virt_to_mfn(other), 1);
        CHECK(mmuext_frame(MMUEXT_NEW_BASEPTR, maddr >> PAGE_SHIFT), 0);
        CHECK(mmuext_frame(MMUEXT_UNPIN_TABLE, virt_to_mfn(root)), 0);
    }
    CHECK(test_read((void *)0xffff830000000000UL), 14);
}
