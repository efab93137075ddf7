/* SPDX-License-Identifier: MIT */
/* dom0 under construction: shared by the files pv/build*.c and pv/start_info.c only. */
#ifndef LAMINA_PV_BUILD_H
#define LAMINA_PV_BUILD_H

#include "lib/elf.h"
#include "pv/guest_cpu.h"

/*
 * Pseudo-physical layout, in frames from 0. The initial mapping shows frame n at v_start + n pages:
 *   kernel | [initrd] | [p2m list] | start info | page tables | stack | slack, up to a 4 MiB bound
 * Beyond it, unmapped or mapped elsewhere: the initrd and the p2m list of kernels that know how.
 */
struct pv_layout {
    uint64_t v_start, v_end; /* the last page table may map the end of the address space: v_end 0 */
    uint64_t virt_offset;    /* virtual minus physical address in the ELF file */
    uint64_t nr_mapped;      /* frames of the initial mapping */
    uint64_t kernel_end, initrd, nr_initrd;
    uint64_t p2m, nr_p2m;    /* the list */
    uint64_t p2m_virt;       /* where the kernel sees it */
    bool p2m_apart;          /* in tables of its own, which follow the list */
    uint64_t nr_p2m_tables;
    uint64_t start_info, tables, nr_tables, stack;
    uint64_t end;            /* frames that the layout needs */
};

struct pv_build {
    struct domain *d;
    const struct pv_image *image;
    struct elf_image elf;
    struct elf_xen_notes notes;
    struct pv_layout at;
    uint64_t *p2m;           /* machine frame of each pseudo-physical one, while building */
    uint64_t next_table, tables_end;
    const char *why;
};

/* How far loading in place has come; zero before the first segment. */
struct in_place {
    uint64_t start_min;  /* where a segment may begin in memory, ... */
    uint64_t offset_min; /* ... and in the file */
};

static inline uint64_t layout_virt(const struct pv_layout *at, uint64_t pfn)
{
    return at->v_start + (pfn << PAGE_SHIFT);
}

/* Where a segment belongs, in bytes from the start of the layout. */
static inline uint64_t layout_paddr(const struct pv_layout *at, const struct elf_segment *s)
{
    return s->paddr + at->virt_offset - at->v_start;
}

/* Hypervisor address of a pseudo-physical frame. */
static inline void *build_frame(const struct pv_build *b, uint64_t pfn)
{
    return machine_map(_mfn(b->p2m[pfn]));
}

/* Returns rc, with the reason. */
int build_fail(struct pv_build *b, int rc, const char *why);
/* Fills b->p2m; the kernel's pages that in_place_pages() names hold their content already. */
int build_memory(struct pv_build *b, bool *initrd_in_place) must_check;
/* Frames that build_memory() will not need from the allocator. */
uint64_t build_memory_in_place(struct pv_build *b);
/* How many pages of segment `s` need no copy. Call for each segment in turn. */
uint64_t in_place_pages(const struct pv_build *b, const struct elf_segment *s,
                        struct in_place *place);
/* Page tables that map [start, start + nr pages), the L4 apart. */
uint64_t tables_needed(uint64_t start, uint64_t nr);
/* Fill the tables; b->p2m is complete. */
void tables_build(struct pv_build *b);
void start_info_build(struct pv_build *b);

#endif
