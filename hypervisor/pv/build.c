/* SPDX-License-Identifier: MIT */
/*
 * Building dom0: read the kernel's ELF notes and lay out its pseudo-physical memory, by
 * lib/pv_start.h, which checks every address in the file; get its frames (build_memory.c), copy
 * what is not in place yet, fill page tables and start info, give the first vCPU its state.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/update.h"
#include "pv/build.h"
#include "pv/trap.h"
#include "sys/log.h"
#include "sys/percpu.h"

int build_fail(struct pv_build *b, int rc, const char *why)
{
    b->why = why;
    return rc;
}

static int check_kernel(struct pv_build *b)
{
    const struct pv_image *image = b->image;

    b->start.nr_frames = image->nr_frames;
    b->start.initrd_bytes = image->initrd_bytes;
    b->start.cmdline = image->cmdline;
    return pv_kernel_open(&b->start, machine_map_maddr(image->kernel), image->kernel_bytes,
                          &b->why);
}

static void *frame_of(void *context, uint64_t pfn)
{
    return build_frame(context, pfn);
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

static void load_kernel(struct pv_build *b)
{
    const struct pv_layout *at = &b->at;
    struct in_place place = { 0 };
    struct elf_segment s;

    for (unsigned i = 0; i < b->start.elf.nr_headers; i++) {
        uint64_t start, there;

        if (elf_segment(&b->start.elf, i, &s) != 0 || s.type != ELF_PT_LOAD)
            continue;
        start = layout_paddr(&b->start, &s);
        there = in_place_pages(b, &s, &place) << PAGE_SHIFT;
        fill(b, start + there, b->start.elf.data + s.offset + there, s.file_bytes - there);
        fill(b, start + s.file_bytes, NULL, s.memory_bytes - s.file_bytes);
    }
    if (b->start.notes.has_hypercall_page)
        hypercall_page_fill(build_frame(b, at->hypercall_page));
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
    regs->rip = at->entry;
    regs->rsp = layout_virt(at, at->stack + 1);
    regs->rsi = layout_virt(at, at->start_info);
    guest_set_kernel_stack(&v->arch, FLAT_KERNEL_SS, regs->rsp);
    WRITE_ONCE(v->arch.info->evtchn_upcall_mask, 1);
    v->initialised = true;
    return 0;
}

static int fill_memory(struct pv_build *b, bool initrd_in_place)
{
    const struct pv_layout *at = &b->at;

    if (!initrd_in_place)
        fill(b, at->initrd << PAGE_SHIFT, machine_map_maddr(b->image->initrd),
             b->image->initrd_bytes);
    load_kernel(b);
    fill(b, at->p2m << PAGE_SHIFT, (const uint8_t *)b->p2m,
         b->image->nr_frames * sizeof(uint64_t));
    fill(b, at->stack << PAGE_SHIFT, NULL, PAGE_SIZE);
    start_info_build(b);
    pv_tables_fill(at, b->p2m, frame_of, b);
    return start_vcpu(b);
}

static int build(struct pv_build *b)
{
    bool initrd_in_place;
    int rc = check_kernel(b);

    if (rc == 0)
        rc = pv_layout_make(&b->at, &b->start, &b->why);
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
