/* SPDX-License-Identifier: MIT */
/*
 * Layout of a PV domain's first memory. The kernel's file is hostile until proven otherwise: all
 * its addresses are checked here, against the domain's size and against each other, before anyone
 * copies a byte by them. No sum in here wraps.
 */
#include "lib/errno.h"
#include "lib/pv_start.h"
#include "public/features.h"

#define LAYOUT_BOUND (UINT64_C(4) << 20)   /* the initial mapping ends at a multiple of this */
#define LAYOUT_SLACK (UINT64_C(512) << 10) /* free room behind the stack, as kernels expect */
#define L4_SLOT(va)  ((va) >> 39 & 511)
#define FEATURES_ABSENT                                                                            \
    (UINT64_C(1) << XENFEAT_writable_descriptor_tables |                                           \
     UINT64_C(1) << XENFEAT_auto_translated_physmap |                                              \
     UINT64_C(1) << XENFEAT_supervisor_mode_kernel)

static int refuse(const char **why, int rc, const char *reason)
{
    *why = reason;
    return rc;
}

static uint64_t pages(uint64_t bytes)
{
    return bytes / PAGE_SIZE + (bytes % PAGE_SIZE != 0);
}

/* An address that the guest may have: canonical and clear of the hypervisor. */
static bool address_usable(uint64_t va)
{
    return va < UINT64_C(1) << 47 || va >= HYPERVISOR_VIRT_END;
}

static bool range_usable(uint64_t start, uint64_t nr)
{
    uint64_t last = start + (nr << PAGE_SHIFT) - 1;

    if (nr == 0 || nr >> 36 != 0 || (start & ~PAGE_MASK) != 0 || last < start)
        return false;
    return address_usable(start) && address_usable(last) && start >> 63 == last >> 63;
}

uint64_t tables_needed(uint64_t start, uint64_t nr)
{
    uint64_t last = start + (nr << PAGE_SHIFT) - 1, sum = 0;

    for (unsigned shift = 21; shift <= 39; shift += 9)
        sum += (last >> shift) - (start >> shift) + 1;
    return sum;
}

/* Where the segments end, in frames; all of them must lie at or above frame 0 of the layout. */
static int measure_kernel(struct pv_layout *at, const struct pv_start *start, const char **why)
{
    struct elf_segment s;

    at->kernel_end = 0;
    for (unsigned i = 0; i < start->elf.nr_headers; i++) {
        uint64_t paddr;

        if (elf_segment(&start->elf, i, &s) != 0)
            return refuse(why, -ENOEXEC, "the ELF file is truncated");
        if (s.type != ELF_PT_LOAD || s.memory_bytes == 0)
            continue;
        paddr = layout_paddr(start, &s);
        if (paddr >> PAGE_SHIFT >= start->nr_frames || pages(s.memory_bytes) > start->nr_frames)
            return refuse(why, -ENOMEM, "its ELF segments do not fit into the domain's memory");
        at->kernel_end = MAX(at->kernel_end, pages(paddr + s.memory_bytes));
    }
    return at->kernel_end != 0 ? 0 : refuse(why, -ENOEXEC, "it has nothing to load");
}

/* Page tables must map themselves: grow until they do. */
static void place_tables(struct pv_layout *at, uint64_t next)
{
    at->tables = next;
    at->nr_tables = 1;
    for (;;) {
        uint64_t end, needed;

        at->stack = at->tables + at->nr_tables;
        end = at->v_start + ((at->stack + 1) << PAGE_SHIFT) + LAYOUT_SLACK;
        at->nr_mapped = (ROUND_UP(end, LAYOUT_BOUND) - at->v_start) >> PAGE_SHIFT;
        needed = 1 + tables_needed(at->v_start, at->nr_mapped);
        if (needed <= at->nr_tables)
            return;
        at->nr_tables = needed;
    }
}

/* Tables of its own: no level below the L4 may be shared with the initial mapping. */
static int place_p2m_apart(struct pv_layout *at, const char **why)
{
    if (L4_SLOT(at->p2m_virt) <= L4_SLOT(layout_virt(at, at->nr_mapped - 1)) &&
        L4_SLOT(at->p2m_virt + (at->nr_p2m << PAGE_SHIFT) - 1) >= L4_SLOT(at->v_start))
        return refuse(why, -ENOEXEC, "its INIT_P2M overlaps the kernel");
    at->p2m = at->end;
    at->nr_p2m_tables = tables_needed(at->p2m_virt, at->nr_p2m);
    at->end += at->nr_p2m + at->nr_p2m_tables;
    return 0;
}

/* What the initial mapping shows. */
static int place_mapped(struct pv_layout *at, const struct pv_start *start, const char **why)
{
    const struct elf_xen_notes *n = &start->notes;
    uint64_t next = at->kernel_end;

    if (!n->mod_start_pfn) {
        at->initrd = next;
        next += at->nr_initrd;
    }
    at->p2m_apart = n->has_init_p2m && range_usable(n->init_p2m, at->nr_p2m);
    at->p2m_virt = n->init_p2m;
    if (!at->p2m_apart) {
        at->p2m = next;
        at->p2m_virt = layout_virt(at, next);
        next += at->nr_p2m;
    }
    at->start_info = next;
    at->rings = next + 1;
    next = at->rings + start->nr_rings;
    /* With room for twice the frames and 16 MiB no sum in there wraps, and placing them ends. */
    if (range_usable(at->v_start, 2 * next + 4096))
        place_tables(at, next);
    if (!range_usable(at->v_start, at->nr_mapped))
        return refuse(why, -ENOEXEC, "its VIRT_BASE leaves no room below the hypervisor");
    return 0;
}

/* The addresses in its notes. */
static int check_addresses(struct pv_layout *at, const struct pv_start *start, const char **why)
{
    const struct elf_xen_notes *n = &start->notes;

    at->entry = n->has_entry ? n->entry : start->elf.entry;
    if (!address_usable(at->entry))
        return refuse(why, -ENOEXEC, "its entry point is no address");
    at->hypercall_page = (n->hypercall_page - at->v_start) >> PAGE_SHIFT;
    if (n->has_hypercall_page &&
        ((n->hypercall_page & ~PAGE_MASK) != 0 || at->hypercall_page >= at->kernel_end))
        return refuse(why, -ENOEXEC, "its HYPERCALL_PAGE lies outside of the kernel");
    return 0;
}

int pv_layout_make(struct pv_layout *at, const struct pv_start *start, const char **why)
{
    const struct elf_xen_notes *n = &start->notes;
    int rc;

    *at = (struct pv_layout){ .v_start = n->virt_base };
    at->nr_initrd = pages(start->initrd_bytes);
    at->nr_p2m = pages(start->nr_frames * sizeof(uint64_t));
    if ((at->v_start & ~PAGE_MASK) != 0)
        return refuse(why, -ENOEXEC, "its VIRT_BASE is not page-aligned");
    rc = measure_kernel(at, start, why);
    if (rc != 0)
        return rc;
    if (at->nr_initrd + at->nr_p2m + at->kernel_end > start->nr_frames)
        return refuse(why, -ENOMEM, "kernel and initrd do not fit into the domain's memory");
    rc = place_mapped(at, start, why);
    if (rc != 0)
        return rc;
    at->end = at->nr_mapped;
    if (n->mod_start_pfn) {
        at->initrd = at->end;
        at->end += at->nr_initrd;
    }
    if (at->p2m_apart)
        rc = place_p2m_apart(at, why);
    if (rc != 0)
        return rc;
    if (at->end > start->nr_frames)
        return refuse(why, -ENOMEM, "kernel and initrd do not fit into the domain's memory");
    return check_addresses(at, start, why);
}

int pv_kernel_open(struct pv_start *start, const void *data, uint64_t bytes, const char **why)
{
    int rc = elf_open(&start->elf, data, bytes, why);

    if (rc == 0)
        rc = elf_read_xen_notes(&start->elf, &start->notes, why);
    if (rc == 0 && (start->notes.features_required & FEATURES_ABSENT))
        return refuse(why, -ENOEXEC, "it requires a feature that PV domains do not have");
    return rc;
}
