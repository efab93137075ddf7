/* SPDX-License-Identifier: MIT */
/*
 * How a PV domain starts: where its first memory holds what, its first page tables, and what its
 * kernel is told. These are facts of the guest interface, so the hypervisor, which builds dom0, and
 * the tool that builds all others share this text. No frame is touched but through a caller's
 * function.
 */
#ifndef LAMINA_LIB_PV_START_H
#define LAMINA_LIB_PV_START_H

#include "lib/elf.h"
#include "public/xen.h"

/* What there is to start. */
struct pv_start {
    struct elf_image elf;
    struct elf_xen_notes notes;
    uint64_t nr_frames;    /* of the domain, numbered from 0 */
    uint64_t initrd_bytes; /* 0: none */
    unsigned nr_rings;     /* frames for store and console: 2, or 0 for dom0 */
    const char *cmdline;   /* cut to what start_info holds; NULL: empty */
};

/*
 * Pseudo-physical layout, in frames from 0. The initial mapping shows frame n at v_start + n pages:
 *   kernel | [initrd] | [p2m list] | start info | [rings] | page tables | stack | slack to 4 MiB
 * Beyond it, unmapped or mapped elsewhere: the initrd and the p2m list of kernels that know how.
 */
struct pv_layout {
    uint64_t v_start;
    uint64_t nr_mapped;      /* frames of the initial mapping */
    uint64_t kernel_end, initrd, nr_initrd;
    uint64_t p2m, nr_p2m; /* the list */
    uint64_t p2m_virt;    /* where the kernel sees it */
    bool p2m_apart;       /* in tables of its own, which follow the list */
    uint64_t nr_p2m_tables;
    uint64_t start_info, rings, tables, nr_tables, stack;
    uint64_t end;            /* frames that the layout needs */
    uint64_t hypercall_page; /* if the notes name one: its frame, inside of the kernel */
    gva_t entry;             /* the first instruction */
};

/*
 * Opens the ELF file in start->elf and reads its notes: 0, or -ENOEXEC with *why set to what is
 * wrong with the file. Its bytes must stay.
 */
int pv_kernel_open(struct pv_start *start, const void *data, uint64_t bytes,
                   const char **why) must_check;

/*
 * 0; -ENOEXEC: addresses in the file make no sense; -ENOMEM: the domain is too small. Afterwards
 * every loadable segment lies below kernel_end, and all areas lie below `end` <= nr_frames.
 */
int pv_layout_make(struct pv_layout *at, const struct pv_start *start, const char **why) must_check;

static inline uint64_t layout_virt(const struct pv_layout *at, uint64_t pfn)
{
    return at->v_start + (pfn << PAGE_SHIFT);
}

/* Where a segment belongs, in bytes from the start of the layout. */
static inline uint64_t layout_paddr(const struct pv_start *start, const struct elf_segment *s)
{
    return s->paddr - start->notes.paddr_offset;
}

/* Page tables that map [start, start + nr pages), the L4 apart. */
uint64_t tables_needed(uint64_t start, uint64_t nr);

/* Where a pseudo-physical frame can be written. */
typedef void *pv_frame_fn(void *context, uint64_t pfn);

/*
 * Fills the page tables. p2m is the machine frame of each pseudo-physical one; `frame` is asked for
 * frames of page tables only. Page-table frames appear read-only.
 */
void pv_tables_fill(const struct pv_layout *at, const uint64_t *p2m, pv_frame_fn *frame,
                    void *context);

/* All but shared_info, rings and what is only dom0's; no flag but SIF_MOD_START_PFN. */
void pv_start_info_fill(struct start_info *si, const struct pv_layout *at,
                        const struct pv_start *start);

#endif
