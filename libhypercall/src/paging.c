/* SPDX-License-Identifier: MIT */
/* Walks of the boot page tables, and single changes to them. */
#include <stddef.h>

#include "lamina/hypercall.h"
#include "lamina/paging.h"

static unsigned index_of(const void *virt, unsigned level)
{
    return (unsigned)((uint64_t)virt >> (PAGE_SHIFT + 9 * (level - 1))) & 511;
}

const uint64_t *pte_of(const void *virt, unsigned level)
{
    const uint64_t *table = (const uint64_t *)start_info->pt_base;

    for (unsigned l = 4; l > level; l--)
        table = pfn_to_virt(mfn_to_pfn((table[index_of(virt, l)] & PTE_ADDRESS) >> PAGE_SHIFT));
    return &table[index_of(virt, level)];
}

uint64_t pte_maddr(const void *virt, unsigned level)
{
    const uint64_t *pte = pte_of(virt, level);

    return virt_to_mfn(pte) << PAGE_SHIFT | ((uint64_t)pte & (PAGE_SIZE - 1));
}

long page_remap(void *virt, uint64_t pte)
{
    return hypercall_update_va_mapping((uint64_t)virt, pte, UVMF_INVLPG | UVMF_ALL);
}

long pte_write(uint64_t maddr, uint64_t pte)
{
    struct mmu_update update = { .ptr = maddr | MMU_NORMAL_PT_UPDATE, .val = pte };

    return hypercall_mmu_update(&update, 1, NULL, DOMID_SELF);
}

long mmuext_frame(unsigned cmd, uint64_t mfn)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

    return hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF);
}
