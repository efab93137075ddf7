/* SPDX-License-Identifier: MIT */
/*
 * Frames and page tables of a guest kernel that keeps its initial, linear mapping. A `pfn` counts
 * the domain's own frames from 0, an `mfn` is a machine frame; `virt` lies in the linear mapping
 * (VIRT_BASE and up), `maddr` is a machine address, `pte` an entry as the processor knows it.
 * Source: struct start_info and hypercalls 1 (mmu_update), 14 (update_va_mapping) and 26
 * (mmuext_op) of the Xen PV ABI; AMD64 manual volume 2, 5.3 (long-mode tables); docs/memory.md.
 */
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

/* Returns the pseudo-physical frame of `virt`. */
static inline uint64_t virt_to_pfn(const void *virt)
{
    return ((uint64_t)virt - VIRT_BASE) >> PAGE_SHIFT;
}

/* Returns the machine frame of `pfn`, which is below start_info->nr_pages. */
static inline uint64_t pfn_to_mfn(uint64_t pfn)
{
    return ((const uint64_t *)start_info->mfn_list)[pfn];
}

/* Returns the machine frame of `virt`, as it was at the start: the boot list is not kept up. */
static inline uint64_t virt_to_mfn(const void *virt)
{
    return pfn_to_mfn(virt_to_pfn(virt));
}

/* Returns the address of `pfn` in the linear mapping, mapped or not. */
static inline void *pfn_to_virt(uint64_t pfn)
{
    return (void *)(VIRT_BASE + (pfn << PAGE_SHIFT));
}

/* Returns the pfn of `mfn`, by the table that every guest may read; garbage for frames of others, a
 * page fault beyond the machine's memory. */
static inline uint64_t mfn_to_pfn(uint64_t mfn)
{
    return ((const uint64_t *)0xffff800000000000UL)[mfn];
}

/* Returns a page-table entry for `mfn` with PTE_* `flags`. */
static inline uint64_t pte_make(uint64_t mfn, uint64_t flags)
{
    return mfn << PAGE_SHIFT | flags;
}

/* Returns the entry of `level` (1..4) that maps `virt` in the boot page tables, to read only; the
 * levels above must be present. */
const uint64_t *pte_of(const void *virt, unsigned level);
/*
 * Returns the machine address of that entry of `level` for `virt`, for batch_pte() and pte_write().
 */
uint64_t pte_maddr(const void *virt, unsigned level);
/*
 * Maps `virt`, page-aligned, by `pte` (0: not at all), and flushes it on all vCPUs. Returns 0;
 * -XEN_EINVAL: no table there, or an entry that would break the rules of docs/memory.md.
 */
long page_remap(void *virt, uint64_t pte);
/* Writes `pte` to the entry at `maddr`, by one mmu_update; flushes nothing. Returns 0;
 * -XEN_EINVAL: as page_remap(). */
long pte_write(uint64_t maddr, uint64_t pte);
/*
 * One operation `cmd` (MMUEXT_*) that takes a frame and nothing else, on `mfn`. Returns 0;
 * -XEN_EINVAL: not this domain's frame, or its use forbids it, -XEN_ENOSYS: no such operation.
 */
long mmuext_frame(unsigned cmd, uint64_t mfn);

#endif
