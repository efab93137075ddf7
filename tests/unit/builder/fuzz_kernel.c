/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer of the way from a kernel's ELF file to a domain's memory: headers, notes, layout, pieces,
 * page tables. The input is a list of segments and notes that becomes a valid ELF file, as few
 * random bytes would; one byte of it at a chosen place may then be anything. Whatever is accepted
 * must lie inside of the domain.
 */
#include <errno.h>
#include <stdlib.h>

#include "builder/kernel.h"
#include "elf_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRAMES 16384u
#define ROOM   (2 * IMAGE_FIRST)

struct input {
    const uint8_t *data;
    size_t size;
};

static uint64_t take(struct input *in, unsigned bytes)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < bytes && in->size > 0; i++, in->data++, in->size--)
        v |= (uint64_t)*in->data << (8 * i);
    return v;
}

/* Numbers near those that matter: of few bits, at a place of the address space. */
static uint64_t take_address(struct input *in)
{
    static const uint64_t bases[] = { 0, UINT64_C(0xffffffff80000000), UINT64_C(0x8000000000),
                                      UINT64_C(0x0000800000000000), UINT64_C(0xffff800000000000),
                                      UINT64_C(0xffff880000000000), UINT64_MAX };
    uint64_t kind = take(in, 1), offset = take(in, 4);

    if (kind == 255)
        return take(in, 8);
    return bases[kind % 7] + (kind & 128 ? offset : offset << 12);
}

static void make_image(struct input *in, uint8_t *image)
{
    struct elf_maker maker;

    image_begin(&maker, image, take_address(in));
    image_note(&maker, 5, "xen-3.0", 8);
    for (unsigned i = take(in, 1) % 5; i > 0; i--) {
        uint64_t offset = take(in, 2), paddr = take(in, 4), file = take(in, 2);
        image_load(&maker, offset, paddr, file, file + take(in, 3));
    }
    for (unsigned i = take(in, 1) % 8; i > 0; i--)
        image_number(&maker, (uint32_t)take(in, 1) % 20, take_address(in));
    while (in->size > 3) {
        uint64_t at = take(in, 2) % ROOM;
        image[at] = (uint8_t)take(in, 1);
    }
}

static void require(int condition)
{
    if (!condition)
        abort();
}

/* Areas in the order of the layout. */
static void check_layout(const struct pv_layout *at, const struct pv_start *start)
{
    require(at->kernel_end > 0 && at->kernel_end <= at->start_info);
    require(at->start_info < at->rings && at->rings + start->nr_rings == at->tables);
    require(at->tables + at->nr_tables == at->stack && at->stack < at->nr_mapped);
    require(at->nr_mapped <= at->end && at->end <= start->nr_frames);
    require(at->initrd + at->nr_initrd <= at->end && at->p2m + at->nr_p2m <= at->end);
    require(!start->notes.has_hypercall_page || at->hypercall_page < at->kernel_end);
}

static int data_everywhere(void *context, uint64_t at, uint64_t *from, uint64_t *to)
{
    uint64_t size = *(uint64_t *)context;

    *from = at;
    *to = MIN(size, (at | 0x3ff) + 1);
    return at < size ? 0 : -ENXIO;
}

static void check_pieces(const struct pv_start *start, const struct pv_layout *at)
{
    struct kernel_piece *pieces;
    uint64_t room = ROOM;
    const char *why;
    size_t nr;

    if (kernel_pieces(start, data_everywhere, &room, &pieces, &nr, &why) != 0)
        return;
    for (size_t i = 0; i < nr; i++) {
        require(pieces[i].bytes <= room && pieces[i].offset <= room - pieces[i].bytes);
        require(pieces[i].paddr <= at->kernel_end << PAGE_SHIFT);
        require(pieces[i].bytes <= (at->kernel_end << PAGE_SHIFT) - pieces[i].paddr);
    }
    free(pieces);
}

struct memory {
    const struct pv_layout *at;
    uint8_t *tables, *p2m_tables;
};

static void *table_frame(void *context, uint64_t pfn)
{
    const struct memory *m = context;

    if (pfn >= m->at->tables && pfn < m->at->tables + m->at->nr_tables)
        return m->tables + ((pfn - m->at->tables) << PAGE_SHIFT);
    require(pfn >= m->at->p2m + m->at->nr_p2m);
    require(pfn < m->at->p2m + m->at->nr_p2m + m->at->nr_p2m_tables);
    return m->p2m_tables + ((pfn - m->at->p2m - m->at->nr_p2m) << PAGE_SHIFT);
}

static void fill_tables(const struct pv_layout *at)
{
    static uint64_t p2m[FRAMES];
    struct memory m = { at, calloc(at->nr_tables, PAGE_SIZE),
                        calloc(at->nr_p2m_tables + 1, PAGE_SIZE) };

    pv_tables_fill(at, p2m, table_frame, &m);
    free(m.tables);
    free(m.p2m_tables);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    struct pv_start start = { .nr_frames = FRAMES, .nr_rings = 2 };
    struct start_info info;
    struct pv_layout at;
    const char *why = "";
    uint8_t *image = calloc(1, ROOM);

    start.initrd_bytes = take(&in, 3);
    make_image(&in, image);
    if (pv_kernel_open(&start, image, ROOM, &why) == 0 && pv_layout_make(&at, &start, &why) == 0) {
        check_layout(&at, &start);
        check_pieces(&start, &at);
        fill_tables(&at);
        pv_start_info_fill(&info, &at, &start);
    } else {
        require(*why != 0);
    }
    free(image);
    return 0;
}
