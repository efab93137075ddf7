/* SPDX-License-Identifier: MIT */
/* Frames and page tables of a guest kernel that keeps its initial, linear mapping. */
#ifndef LAMINA_PAGING_H
#define LAMINA_PAGING_H

#include "lamina/start.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096UL

#define PTE_P  0x1UL
#define PTE_W  0x2UL
#define PTE_U  0x4UL
#define PTE_A  0x20UL
#define PTE_D  0x40UL
#define PTE_PS 0x80UL
#define PTE_NX (1UL << 63)
#define PTE_ADDRESS 0x000ffffffffff000UL

/* The pseudo-physical frame of an address in the linear mapping (VIRT_BASE and up). */
static inline uint64_t virt_to_pfn(const void *virt)
{
    return ((uint64_t)virt - VIRT_BASE) >> PAGE_SHIFT;
}

/* The machine frame of a pseudo-physical one, below start_info->nr_pages. */
static inline uint64_t pfn_to_mfn(uint64_t pfn)
{
    return ((const uint64_t *)start_info->mfn_list)[pfn];
}

/* The machine frame of an address in the linear mapping. */
static inline uint64_t virt_to_mfn(const void *virt)
{
    return pfn_to_mfn(virt_to_pfn(virt));
}

/* The address of a pseudo-physical frame in the linear mapping. */
static inline void *pfn_to_virt(uint64_t pfn)
{
    return (void *)(VIRT_BASE + (pfn << PAGE_SHIFT));
}

/* The M2P table, readable by every guest. */
static inline uint64_t mfn_to_pfn(uint64_t mfn)
{
    return ((const uint64_t *)0xffff800000000000UL)[mfn];
}

/* A page-table entry for a machine frame, with PTE_* flags. */
static inline uint64_t pte_make(uint64_t mfn, uint64_t flags)
{
    return mfn << PAGE_SHIFT | flags;
}

/* The entry of `level` (1..4) that maps `virt` in the boot page tables (read-only mapping). */
const uint64_t *pte_of(const void *virt, unsigned level);
/* Machine address of the same entry, for mmu_update. */
uint64_t pte_maddr(const void *virt, unsigned level);
/* Change how one page is mapped, and flush it: 0 or the hypercall's error. */
long page_remap(void *virt, uint64_t pte);
/* One mmu_update of the entry at `maddr`. */
long pte_write(uint64_t maddr, uint64_t pte);
/* One mmuext_op on a frame. */
long mmuext_frame(unsigned cmd, uint64_t mfn);

#endif
