/* SPDX-License-Identifier: MIT */
/*
 * Building dom0: read the kernel's ELF notes, lay out its pseudo-physical memory, get its frames
 * (build_memory.c), copy what is not in place yet, build page tables and start info, and give the
 * first vCPU its state. The file is hostile until proven otherwise: all addresses are checked
 * against the layout before the first byte is copied.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/update.h"
#include "public/features.h"
#include "pv/build.h"
#include "pv/trap.h"
#include "sys/log.h"
#include "sys/percpu.h"

#define LAYOUT_BOUND (UINT64_C(4) << 20)   /* the initial mapping ends at a multiple of this */
#define LAYOUT_SLACK (UINT64_C(512) << 10) /* free room behind the stack, as kernels expect */
#define L4_SLOT(va)  ((va) >> 39 & 511)
#define FEATURES_ABSENT                                                                      \
    (UINT64_C(1) << XENFEAT_writable_descriptor_tables |                                     \
     UINT64_C(1) << XENFEAT_auto_translated_physmap |                                        \
     UINT64_C(1) << XENFEAT_supervisor_mode_kernel)

int build_fail(struct pv_build *b, int rc, const char *why)
{
    b->why = why;
    return rc;
}

static uint64_t pages(uint64_t bytes)
{
    return bytes / PAGE_SIZE + (bytes % PAGE_SIZE != 0);
}

/* Is [start, start + nr pages) canonical and clear of the hypervisor? */
static bool range_usable(uint64_t start, uint64_t nr)
{
    uint64_t last = start + (nr << PAGE_SHIFT) - 1;

    if (nr == 0 || nr >> 36 != 0 || (start & ~PAGE_MASK) != 0 || last < start)
        return false;
    if (!is_canonical(start) || !is_canonical(last) || start >> 63 != last >> 63)
        return false;
    return last < HYPERVISOR_START || start >= HYPERVISOR_END;
}

/* Where the segments end, in frames; all of them must lie at or above frame 0 of the layout. */
static int measure_kernel(struct pv_build *b, uint64_t *end)
{
    struct elf_segment s;

    *end = 0;
    for (unsigned i = 0; i < b->elf.nr_headers; i++) {
        uint64_t start;

        if (elf_segment(&b->elf, i, &s) != 0)
            return build_fail(b, -ENOEXEC, "the ELF file is truncated");
        if (s.type != ELF_PT_LOAD || s.memory_bytes == 0)
            continue;
        start = layout_paddr(&b->at, &s);
        if (start >> PAGE_SHIFT >= b->image->nr_frames ||
            pages(s.memory_bytes) > b->image->nr_frames)
            return build_fail(b, -ENOMEM, "its ELF segments do not fit into dom0's memory");
        *end = MAX(*end, pages(start + s.memory_bytes));
    }
    return *end != 0 ? 0 : build_fail(b, -ENOEXEC, "it has nothing to load");
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
        at->v_end = ROUND_UP(end, LAYOUT_BOUND);
        at->nr_mapped = (at->v_end - at->v_start) >> PAGE_SHIFT;
        needed = 1 + tables_needed(at->v_start, at->nr_mapped);
        if (needed <= at->nr_tables)
            return;
        at->nr_tables = needed;
    }
}

static void place_p2m_apart(struct pv_build *b)
{
    struct pv_layout *at = &b->at;

    at->p2m = at->end;
    at->p2m_virt = b->notes.init_p2m;
    at->nr_p2m_tables = tables_needed(at->p2m_virt, at->nr_p2m);
    at->end += at->nr_p2m + at->nr_p2m_tables;
}

static int make_layout(struct pv_build *b)
{
    const struct pv_image *image = b->image;
    const struct elf_xen_notes *n = &b->notes;
    struct pv_layout *at = &b->at;
    uint64_t next;
    int rc;

    at->nr_initrd = pages(image->initrd_bytes);
    at->nr_p2m = pages(image->nr_frames * sizeof(uint64_t));
    if ((at->v_start & ~PAGE_MASK) != 0)
        return build_fail(b, -ENOEXEC, "its VIRT_BASE is not page-aligned");
    rc = measure_kernel(b, &at->kernel_end);
    if (rc != 0)
        return rc;
    if (at->nr_initrd + at->nr_p2m + at->kernel_end > image->nr_frames)
        return build_fail(b, -ENOMEM, "kernel and initrd do not fit into dom0's memory");
    next = at->kernel_end;
    if (!n->mod_start_pfn) {
        at->initrd = next;
        next += at->nr_initrd;
    }
    at->p2m_apart = n->has_init_p2m && range_usable(n->init_p2m, at->nr_p2m);
    if (!at->p2m_apart) {
        at->p2m = next;
        at->p2m_virt = layout_virt(at, next);
        next += at->nr_p2m;
    }
    at->start_info = next;
    /* With room for twice the frames and 16 MiB no sum in there wraps, and placing them ends. */
    if (range_usable(at->v_start, 2 * next + 4096))
        place_tables(at, next + 1);
    if (!range_usable(at->v_start, at->nr_mapped))
        return build_fail(b, -ENOEXEC, "its VIRT_BASE leaves no room below the hypervisor");
    at->end = at->nr_mapped;
    if (n->mod_start_pfn) {
        at->initrd = at->end;
        at->end += at->nr_initrd;
    }
    if (at->p2m_apart) {
        /* Tables of its own: no level below the L4 may be shared with the initial mapping. */
        if (L4_SLOT(n->init_p2m) <= L4_SLOT(layout_virt(at, at->nr_mapped - 1)) &&
            L4_SLOT(n->init_p2m + (at->nr_p2m << PAGE_SHIFT) - 1) >= L4_SLOT(at->v_start))
            return build_fail(b, -ENOEXEC, "its INIT_P2M overlaps the kernel");
        place_p2m_apart(b);
    }
    if (at->end > image->nr_frames)
        return build_fail(b, -ENOMEM, "kernel and initrd do not fit into dom0's memory");
    return 0;
}

static int check_kernel(struct pv_build *b)
{
    const struct pv_image *image = b->image;
    int rc = elf_open(&b->elf, machine_map_maddr(image->kernel), image->kernel_bytes, &b->why);

    if (rc == 0)
        rc = elf_read_xen_notes(&b->elf, &b->notes, &b->why);
    if (rc == 0 && (b->notes.features_required & FEATURES_ABSENT))
        return build_fail(b, -ENOEXEC, "it requires a feature that PV domains do not have");
    b->at.v_start = b->notes.has_virt_base ? b->notes.virt_base : 0;
    b->at.virt_offset = b->at.v_start - (b->notes.has_paddr_offset ? b->notes.paddr_offset : 0);
    return rc;
}

/* Copy into pseudo-physical memory, or clear it if src is NULL. */
static void fill(struct pv_build *b, uint64_t at, const uint8_t *src, uint64_t bytes)
{
    while (bytes > 0) {
        uint64_t offset = at & ~PAGE_MASK, n = MIN(bytes, PAGE_SIZE - offset);
        uint8_t *dst = (uint8_t *)build_frame(b, at >> PAGE_SHIFT) + offset;

        if (src != NULL) {
            memcpy(dst, src, n);
            src += n;
        } else {
            memset(dst, 0, n);
        }
        at += n;
        bytes -= n;
    }
}

static int load_kernel(struct pv_build *b)
{
    const struct pv_layout *at = &b->at;
    struct in_place place = { 0 };
    struct elf_segment s;

    for (unsigned i = 0; i < b->elf.nr_headers; i++) {
        uint64_t start, there;

        if (elf_segment(&b->elf, i, &s) != 0 || s.type != ELF_PT_LOAD)
            continue;
        start = layout_paddr(at, &s);
        there = in_place_pages(b, &s, &place) << PAGE_SHIFT;
        fill(b, start + there, b->elf.data + s.offset + there, s.file_bytes - there);
        fill(b, start + s.file_bytes, NULL, s.memory_bytes - s.file_bytes);
    }
    if (b->notes.has_hypercall_page) {
        uint64_t pfn = (b->notes.hypercall_page - at->v_start) >> PAGE_SHIFT;

        if ((b->notes.hypercall_page & ~PAGE_MASK) != 0 || pfn >= at->kernel_end)
            return build_fail(b, -ENOEXEC, "its HYPERCALL_PAGE lies outside of the kernel");
        hypercall_page_fill(build_frame(b, pfn));
    }
    return 0;
}

static int start_vcpu(struct pv_build *b)
{
    struct vcpu *v = b->d->vcpu[0];
    const struct pv_layout *at = &b->at;
    mfn_t root = _mfn(b->p2m[at->tables]);
    struct guest_regs *regs = &v->arch.regs;
    int rc;

    guest_cpu_reset(v);
    do {
        rc = pt_pin(&b->d->mm, root, PT_L4);
    } while (rc == -ERESTART);
    if (rc == 0)
        rc = pt_root_get(&b->d->mm, root);
    if (rc != 0)
        return build_fail(b, rc, "its first page tables were refused");
    v->arch.cr3_kernel = mfn_to_maddr(root);
    regs->cs = FLAT_KERNEL_CS;
    regs->ss = FLAT_KERNEL_SS;
    regs->rip = b->notes.has_entry ? b->notes.entry : b->elf.entry;
    regs->rsp = layout_virt(at, at->stack + 1);
    regs->rsi = layout_virt(at, at->start_info);
    guest_set_kernel_stack(&v->arch, FLAT_KERNEL_SS, regs->rsp);
    v->arch.info->evtchn_upcall_mask = 1;
    v->initialised = true;
    return is_canonical(regs->rip) ? 0 : build_fail(b, -ENOEXEC, "its entry point is no address");
}

static int fill_memory(struct pv_build *b, bool initrd_in_place)
{
    const struct pv_layout *at = &b->at;
    int rc;

    if (!initrd_in_place)
        fill(b, at->initrd << PAGE_SHIFT, machine_map_maddr(b->image->initrd),
             b->image->initrd_bytes);
    rc = load_kernel(b);
    if (rc != 0)
        return rc;
    fill(b, at->p2m << PAGE_SHIFT, (const uint8_t *)b->p2m,
         b->image->nr_frames * sizeof(uint64_t));
    fill(b, at->stack << PAGE_SHIFT, NULL, PAGE_SIZE);
    start_info_build(b);
    tables_build(b);
    return start_vcpu(b);
}

static int build(struct pv_build *b)
{
    bool initrd_in_place;
    int rc = check_kernel(b);

    if (rc == 0)
        rc = make_layout(b);
    if (rc != 0)
        return rc;
    b->p2m = heap_alloc(b->image->nr_frames * sizeof(uint64_t));
    if (b->p2m == NULL)
        return build_fail(b, -ENOMEM, "there is not enough memory to build dom0");
    rc = build_memory(b, &initrd_in_place);
    if (rc == 0)
        rc = fill_memory(b, initrd_in_place);
    if (rc == 0)
        log_info("dom0: kernel at %lx, entry %lx, %lu frames mapped, initrd at frame %lx",
                 (unsigned long)b->at.v_start, (unsigned long)b->d->vcpu[0]->arch.regs.rip,
                 (unsigned long)b->at.nr_mapped, (unsigned long)b->at.initrd);
    heap_free(b->p2m, b->image->nr_frames * sizeof(uint64_t));
    return rc;
}

int pv_build_dom0(struct domain *d, const struct pv_image *image, const char **why)
{
    struct pv_build b = { .d = d, .image = image, .why = "" };
    int rc = build(&b);

    *why = b.why;
    return rc;
}

uint64_t pv_frames_in_place(const struct pv_image *image)
{
    struct pv_build b = { .image = image, .why = "" };

    return check_kernel(&b) == 0 ? build_memory_in_place(&b) : 0;
}
