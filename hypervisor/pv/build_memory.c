/* SPDX-License-Identifier: MIT */
/*
 * The frames of dom0's pseudo-physical memory. What the loader put into RAM stays where it is, if
 * it can: the frames of the initrd, and those that hold whole pages of the kernel's segments,
 * become the domain's as they are. So nothing of them is copied, and a small machine need not hold
 * the kernel twice. All other frames come from the allocator.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "pv/build.h"

static void give_frames(struct pv_build *b, uint64_t pfn, mfn_t first, uint64_t nr)
{
    for (uint64_t i = 0; i < nr; i++) {
        mfn_t mfn = _mfn(mfn_x(first) + i);

        b->p2m[pfn + i] = mfn_x(mfn);
        m2p_set(mfn, pfn + i);
    }
}

/* Frames of a module, for the domain. */
static void take_frames(struct pv_build *b, uint64_t pfn, maddr_t start, uint64_t nr)
{
    frames_give(&b->d->mm, maddr_to_mfn(start), nr);
    give_frames(b, pfn, maddr_to_mfn(start), nr);
}

static bool is_ram(maddr_t start, uint64_t bytes)
{
    return bytes != 0 && mfn_valid(maddr_to_mfn(start + bytes - 1));
}

static uint64_t initrd_in_place_pages(const struct pv_build *b)
{
    const struct pv_image *image = b->image;

    if (!image->initrd_is_ours || (image->initrd & ~PAGE_MASK) != 0 ||
        !is_ram(image->initrd, image->initrd_bytes))
        return 0;
    return DIV_ROUND_UP(image->initrd_bytes, PAGE_SIZE);
}

static void take_initrd(struct pv_build *b, uint64_t nr)
{
    uint64_t tail = b->image->initrd_bytes % PAGE_SIZE;

    if (tail != 0) /* what lies behind the module in its last frame is not dom0's to see */
        memset((char *)machine_map_maddr(b->image->initrd) + b->image->initrd_bytes, 0,
               PAGE_SIZE - tail);
    take_frames(b, b->at.initrd, b->image->initrd, nr);
}

/*
 * In a file that is laid out for it, segments ascend in the file and in memory, and a page has the
 * same offset in both. A segment that breaks this is copied, so that no frame is taken for two
 * pages and no page gets two frames. The headers are never taken: the domain's pages are filled
 * while they are still read.
 */
uint64_t in_place_pages(const struct pv_build *b, const struct elf_segment *s,
                        struct in_place *place)
{
    uint64_t start = layout_paddr(&b->start, s), file = b->image->kernel + s->offset;

    if (!b->image->kernel_is_ours || s->file_bytes < PAGE_SIZE || !is_ram(file, s->file_bytes))
        return 0;
    if (((start | file) & ~PAGE_MASK) != 0 || start < place->start_min ||
        s->offset < MAX(place->offset_min, b->start.elf.headers_end))
        return 0;
    place->start_min = start + s->memory_bytes;
    place->offset_min = s->offset + s->file_bytes;
    return s->file_bytes >> PAGE_SHIFT;
}

/* Pages of the kernel that are in place; `take` makes them the domain's. */
static uint64_t kernel_in_place(struct pv_build *b, bool take)
{
    struct in_place place = { 0 };
    struct elf_segment s;
    uint64_t sum = 0;

    for (unsigned i = 0; i < b->start.elf.nr_headers; i++) {
        uint64_t nr;

        if (elf_segment(&b->start.elf, i, &s) != 0 || s.type != ELF_PT_LOAD)
            continue;
        nr = in_place_pages(b, &s, &place);
        if (take && nr != 0)
            take_frames(b, layout_paddr(&b->start, &s) >> PAGE_SHIFT,
                        b->image->kernel + s.offset, nr);
        sum += nr;
    }
    return sum;
}

uint64_t build_memory_in_place(struct pv_build *b)
{
    return kernel_in_place(b, false) + initrd_in_place_pages(b);
}

/* Frames from the allocator for [pfn, end), in chunks as large as there are. */
static int populate(struct pv_build *b, uint64_t pfn, uint64_t end)
{
    unsigned order = ORDER_MAX;

    while (pfn < end) {
        mfn_t mfn;

        while (order > 0 && UINT64_C(1) << order > end - pfn)
            order--;
        mfn = frames_alloc(&b->d->mm, order, 0);
        if (!mfn_eq(mfn, MFN_INVALID)) {
            give_frames(b, pfn, mfn, UINT64_C(1) << order);
            pfn += UINT64_C(1) << order;
        } else if (order-- == 0) {
            return build_fail(b, -ENOMEM, "memory ran out while dom0 was built");
        }
    }
    return 0;
}

/* No guest has frame 0, so 0 in the list is a page without a frame. */
int build_memory(struct pv_build *b, bool *initrd_in_place)
{
    uint64_t nr_initrd = initrd_in_place_pages(b), end = b->image->nr_frames;
    int rc = 0;

    *initrd_in_place = nr_initrd != 0;
    if (*initrd_in_place)
        take_initrd(b, nr_initrd);
    (void)kernel_in_place(b, true);
    for (uint64_t pfn = 0; pfn < end && rc == 0;) {
        uint64_t gap = pfn;

        while (pfn < end && b->p2m[pfn] == 0)
            pfn++;
        rc = populate(b, gap, pfn);
        while (pfn < end && b->p2m[pfn] != 0)
            pfn++;
    }
    return rc;
}
