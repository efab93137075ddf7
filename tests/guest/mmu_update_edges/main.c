/* SPDX-License-Identifier: MIT */
/*
 * mmu_update: counts of nothing and of everything, pointers that are not aligned, kinds and domains
 * that do not exist, and a list that fails half way: the entries before stand, and are counted.
 */
#include "check.h"

static uint64_t page[512] PAGE;

void test_main(void)
{
    uint64_t maddr = pte_maddr(page, 1), good = *pte_of(page, 1);
    struct mmu_update list[3] = { { maddr, good }, { maddr, good }, { maddr, good } };
    uint32_t done = 99;

    CHECK(hypercall_mmu_update(list, 0, &done, DOMID_SELF), 0);
    CHECK(hypercall_mmu_update(list, 3, &done, DOMID_SELF), 0);
    CHECK(done, 3);
    list[1].ptr = 1UL << 51;
    done = 99;
    CHECK(hypercall_mmu_update(list, 3, &done, DOMID_SELF) < 0, 1);
    CHECK(done, 1);
    list[1] = (struct mmu_update){ maddr + 4, good }; /* bit 2 is part of the kind */
    CHECK(hypercall_mmu_update(list, 3, &done, DOMID_SELF) < 0, 1);
    list[1] = (struct mmu_update){ maddr | 7, good };
    CHECK(hypercall_mmu_update(list, 3, &done, DOMID_SELF), -XEN_ENOSYS);
    list[1] = list[0];
    CHECK(hypercall_mmu_update(list, 3, &done, 4711) < 0, 1); /* no such domain */
    CHECK(hypercall_mmu_update(list, ~0u, &done, DOMID_SELF) < 0, 1); /* runs off the array */
    CHECK(hypercall_mmu_update(list, 1, (uint32_t *)0xffff830000000000UL, DOMID_SELF) <= 0, 1);
    CHECK(*pte_of(page, 1) & PTE_ADDRESS, good & PTE_ADDRESS);
    CHECK(test_write(page), -1);
}
