/* SPDX-License-Identifier: MIT */
/*
 * How a PV domain starts: layouts of the kinds of kernels there are, with every area in its place
 * and none over another; page tables that a walk agrees with; start info; and files whose
 * addresses make no sense.
 */
#include "../suite.h"

#include <check.h>
#include <stdlib.h>

#include "elf_image.h"
#include "lib/errno.h"
#include "lib/pv_start.h"
#include "public/elfnote.h"

#define MIB        (UINT64_C(1) << 20)
#define LINUX_BASE UINT64_C(0xffffffff80000000)
#define LINUX_P2M  UINT64_C(0x8000000000)
#define MFN(pfn)   ((pfn) * 3 + 1000) /* a machine's frames are not in order */

static uint8_t image[IMAGE_FIRST];
static struct elf_maker maker;
static struct pv_start start;
static struct pv_layout at;
static const char *why;

static void begin(void)
{
    memset(image, 0, sizeof(image));
    image_begin(&maker, image, 0x1000);
    image_note(&maker, XEN_ELFNOTE_XEN_VERSION, "xen-3.0", 8);
    start = (struct pv_start){ .nr_frames = 128 * MIB / PAGE_SIZE, .nr_rings = 2 };
    why = "";
}

/* A kernel like Linux: high addresses, list and initrd apart. */
static void begin_linux(void)
{
    begin();
    image_load(&maker, 0, 16 * MIB, 256, 26 * MIB);
    image_load(&maker, 0, 44 * MIB, 256, 30 * MIB);
    image_number(&maker, XEN_ELFNOTE_VIRT_BASE, LINUX_BASE);
    image_number(&maker, XEN_ELFNOTE_INIT_P2M, LINUX_P2M);
    image_number(&maker, XEN_ELFNOTE_ENTRY, LINUX_BASE + 50 * MIB);
    image_number(&maker, XEN_ELFNOTE_MOD_START_PFN, 1);
}

/* A kernel like GRUB or Mini-OS: at 0, everything in one mapping. */
static void begin_small(void)
{
    begin();
    image_load(&maker, 0, 0, 256, 0x41e1f0);
    image_load(&maker, 0, 0x41e1f0, 256, 0x1f5bd8);
}

static int make(void)
{
    int rc = pv_kernel_open(&start, image, sizeof(image), &why);

    return rc ? rc : pv_layout_make(&at, &start, &why);
}

static void make_ok(void)
{
    int rc = make();

    ck_assert_msg(rc == 0, "%s", why);
}

/* Refused with a reason that contains the text, and with that error. */
static void make_bad(int error, const char *text)
{
    ck_assert_int_eq(make(), error);
    ck_assert_msg(strstr(why, text) != NULL, "%s", why);
}

START_TEST(like_linux)
{
    begin_linux();
    start.initrd_bytes = 5 * PAGE_SIZE + 1;
    make_ok();
    ck_assert_uint_eq(at.v_start, LINUX_BASE);
    ck_assert_uint_eq(at.kernel_end, 74 * MIB / PAGE_SIZE);
    ck_assert_uint_eq(at.start_info, at.kernel_end);
    ck_assert_uint_eq(at.rings, at.start_info + 1);
    ck_assert_uint_eq(at.tables, at.rings + 2);
    ck_assert_uint_eq(at.stack, at.tables + at.nr_tables);
    ck_assert_uint_eq(at.nr_mapped * PAGE_SIZE, 76 * MIB);
    ck_assert_uint_eq(at.nr_tables, 1 + tables_needed(LINUX_BASE, at.nr_mapped));
    ck_assert_uint_eq(at.initrd, at.nr_mapped);
    ck_assert_uint_eq(at.nr_initrd, 6);
    ck_assert(at.p2m_apart);
    ck_assert_uint_eq(at.p2m, at.initrd + 6);
    ck_assert_uint_eq(at.nr_p2m, 64);
    ck_assert_uint_eq(at.nr_p2m_tables, 3);
    ck_assert_uint_eq(at.end, at.p2m + 67);
    ck_assert_uint_eq(at.entry, LINUX_BASE + 50 * MIB);
}
END_TEST

START_TEST(like_grub)
{
    begin_small();
    start.initrd_bytes = 100;
    make_ok();
    ck_assert_uint_eq(at.v_start, 0);
    ck_assert_uint_eq(at.kernel_end, (0x41e1f0 + 0x1f5bd8 + 4095) / PAGE_SIZE);
    ck_assert_uint_eq(at.initrd, at.kernel_end);
    ck_assert_uint_eq(at.p2m, at.initrd + 1);
    ck_assert_uint_eq(at.p2m_virt, at.p2m * PAGE_SIZE);
    ck_assert_uint_eq(at.start_info, at.p2m + 64);
    ck_assert(!at.p2m_apart);
    ck_assert_uint_eq(at.end, at.nr_mapped);
    ck_assert_uint_eq(at.entry, 0x1000);
    ck_assert_uint_eq(at.nr_mapped * PAGE_SIZE % (4 * MIB), 0);
    ck_assert_uint_ge((at.nr_mapped - at.stack - 1) * PAGE_SIZE, 512 << 10);
}
END_TEST

START_TEST(physical_addresses_with_an_offset)
{
    struct elf_segment s;

    begin();
    image_load(&maker, 0, LINUX_BASE + MIB, 256, MIB);
    image_number(&maker, XEN_ELFNOTE_VIRT_BASE, LINUX_BASE);
    image_number(&maker, XEN_ELFNOTE_PADDR_OFFSET, LINUX_BASE);
    make_ok();
    ck_assert_int_eq(elf_segment(&start.elf, 1, &s), 0);
    ck_assert_uint_eq(layout_paddr(&start, &s), MIB);
    ck_assert_uint_eq(at.kernel_end, 2 * MIB / PAGE_SIZE);
}
END_TEST

START_TEST(dom0_has_no_rings)
{
    begin_linux();
    start.nr_rings = 0;
    make_ok();
    ck_assert_uint_eq(at.tables, at.start_info + 1);
}
END_TEST

/* ---- page tables ---- */

static uint64_t *frames; /* of the domain, by number, page tables only */

static void *frame(void *context, uint64_t pfn)
{
    ck_assert_ptr_eq(context, &at);
    ck_assert((pfn >= at.tables && pfn < at.tables + at.nr_tables) ||
              (pfn >= at.p2m + at.nr_p2m && pfn < at.p2m + at.nr_p2m + at.nr_p2m_tables));
    return frames + pfn * 512;
}

/* What a processor finds at an address; 0: nothing. */
static uint64_t walk(uint64_t va)
{
    uint64_t pfn = at.tables, entry = 0;

    for (unsigned shift = 39; shift >= 12; shift -= 9) {
        entry = frames[pfn * 512 + (va >> shift & 511)];
        if (!(entry & 1))
            return 0;
        pfn = ((entry >> 12) - 1000) / 3;
        if (shift > 12)
            ck_assert_uint_eq(entry & 0xfff, 0x67);
    }
    return entry;
}

static void fill_and_walk(void)
{
    uint64_t *p2m = calloc(start.nr_frames, sizeof(*p2m));

    frames = malloc(start.nr_frames * PAGE_SIZE);
    for (uint64_t pfn = 0; pfn < start.nr_frames; pfn++)
        p2m[pfn] = MFN(pfn);
    for (uint64_t i = 0; i < at.nr_tables; i++)
        memset(frame(&at, at.tables + i), 0xff, PAGE_SIZE); /* must not matter */
    pv_tables_fill(&at, p2m, frame, &at);
    for (uint64_t pfn = 0; pfn < at.nr_mapped; pfn++) {
        bool is_table = pfn >= at.tables && pfn < at.tables + at.nr_tables;
        ck_assert_uint_eq(walk(layout_virt(&at, pfn)), MFN(pfn) << 12 | (is_table ? 0x65 : 0x67));
    }
    for (uint64_t i = 0; i < at.nr_p2m; i++)
        ck_assert_uint_eq(walk(at.p2m_virt + i * PAGE_SIZE), MFN(at.p2m + i) << 12 | 0x67);
    ck_assert_uint_eq(walk(layout_virt(&at, at.nr_mapped)), 0);
    if (at.p2m_apart)
        ck_assert_uint_eq(walk(at.p2m_virt + at.nr_p2m * PAGE_SIZE), 0);
    free(frames);
    free(p2m);
}

START_TEST(tables_of_linux)
{
    begin_linux();
    start.nr_frames = 81 * MIB / PAGE_SIZE + 513; /* an odd number */
    make_ok();
    fill_and_walk();
}
END_TEST

START_TEST(tables_of_grub)
{
    begin_small();
    start.nr_frames = 16 * MIB / PAGE_SIZE;
    make_ok();
    fill_and_walk();
}
END_TEST

/* Near the end of the address space, beside the hypervisor, and amid tables of every level. */
START_TEST(tables_at_odd_bases)
{
    static const uint64_t bases[] = { UINT64_C(0xfffffffffa3ff000), UINT64_C(0xffff880000000000),
                                      UINT64_C(0x00007f7fbfdff000) };

    for (unsigned i = 0; i < ARRAY_SIZE(bases); i++) {
        begin();
        image_load(&maker, 0, 0, 256, 20 * MIB);
        image_number(&maker, XEN_ELFNOTE_VIRT_BASE, bases[i]);
        start.nr_frames = 32 * MIB / PAGE_SIZE;
        make_ok();
        fill_and_walk();
    }
}
END_TEST

/* ---- start info ---- */

START_TEST(start_info)
{
    static char line[2 * MAX_GUEST_CMDLINE];
    struct start_info si;

    memset(&si, 0xff, sizeof(si));
    memset(line, 'x', sizeof(line) - 1);
    begin_linux();
    start.initrd_bytes = 100;
    start.cmdline = line;
    make_ok();
    pv_start_info_fill(&si, &at, &start);
    ck_assert_str_eq(si.magic, "xen-3.0-x86_64");
    ck_assert_uint_eq(si.nr_pages, start.nr_frames);
    ck_assert_uint_eq(si.pt_base, LINUX_BASE + at.tables * PAGE_SIZE);
    ck_assert_uint_eq(si.nr_pt_frames, at.nr_tables);
    ck_assert_uint_eq(si.mfn_list, LINUX_P2M);
    ck_assert_uint_eq(si.first_p2m_pfn, at.p2m);
    ck_assert_uint_eq(si.nr_p2m_frames, at.nr_p2m + at.nr_p2m_tables);
    ck_assert_uint_eq(si.flags, SIF_MOD_START_PFN);
    ck_assert_uint_eq(si.mod_start, at.initrd);
    ck_assert_uint_eq(si.mod_len, 100);
    ck_assert_uint_eq(strlen((char *)si.cmd_line), MAX_GUEST_CMDLINE - 1);
    begin_small();
    start.initrd_bytes = 100;
    make_ok();
    pv_start_info_fill(&si, &at, &start);
    ck_assert_uint_eq(si.flags, 0);
    ck_assert_uint_eq(si.mod_start, at.initrd * PAGE_SIZE);
    ck_assert_uint_eq(si.nr_p2m_frames, 0);
    ck_assert_uint_eq(si.cmd_line[0], 0);
}
END_TEST

/* ---- what makes no sense ---- */

START_TEST(too_little_memory)
{
    begin_linux();
    make_ok();
    start.nr_frames = at.end;
    make_ok();
    /* A shorter list may need fewer frames; far less memory never does. */
    start.nr_frames = at.end - 2;
    make_bad(-ENOMEM, "do not fit");
    start.nr_frames = 40 * MIB / PAGE_SIZE;
    make_bad(-ENOMEM, "do not fit");
    start.nr_frames = 128 * MIB / PAGE_SIZE;
    start.initrd_bytes = UINT64_MAX;
    make_bad(-ENOMEM, "do not fit");
    start.initrd_bytes = 0;
    start.nr_frames = 0;
    make_bad(-ENOMEM, "do not fit");
}
END_TEST

START_TEST(bases_of_nowhere)
{
    static const uint64_t bases[] = { UINT64_C(0x0000800000000000), UINT64_C(0xffff800000000000),
                                      UINT64_C(0x00007ffffff00000), UINT64_C(0xfffffffffff00000),
                                      UINT64_C(0xffff87fffff00000) };

    for (unsigned i = 0; i < ARRAY_SIZE(bases); i++) {
        begin();
        image_load(&maker, 0, 0, 256, 20 * MIB);
        image_number(&maker, XEN_ELFNOTE_VIRT_BASE, bases[i]);
        make_bad(-ENOEXEC, "VIRT_BASE");
    }
    begin();
    image_load(&maker, 0, 0, 256, MIB);
    image_number(&maker, XEN_ELFNOTE_VIRT_BASE, 1);
    make_bad(-ENOEXEC, "page-aligned");
}
END_TEST

START_TEST(other_addresses_of_nowhere)
{
    begin_linux();
    image_number(&maker, XEN_ELFNOTE_INIT_P2M, LINUX_BASE);
    make_bad(-ENOEXEC, "INIT_P2M");
    begin_linux();
    image_number(&maker, XEN_ELFNOTE_ENTRY, UINT64_C(0x0000800000000000));
    make_bad(-ENOEXEC, "entry");
    begin_linux();
    image_number(&maker, XEN_ELFNOTE_HYPERCALL_PAGE, LINUX_BASE + 74 * MIB);
    make_bad(-ENOEXEC, "HYPERCALL_PAGE");
    begin_linux();
    image_number(&maker, XEN_ELFNOTE_HYPERCALL_PAGE, LINUX_BASE + 16 * MIB);
    make_ok();
    ck_assert_uint_eq(at.hypercall_page, 16 * MIB / PAGE_SIZE);
    begin();
    make_bad(-ENOEXEC, "nothing to load");
    begin();
    image_load(&maker, 0, UINT64_MAX - 100, 1, 50);
    make_bad(-ENOMEM, "do not fit");
    begin();
    image_note(&maker, XEN_ELFNOTE_FEATURES, "!auto_translated_physmap", 25);
    image_load(&maker, 0, 0, 256, MIB);
    make_bad(-ENOEXEC, "feature");
}
END_TEST

/* An INIT_P2M that no guest may have is as good as none: the list stands in the mapping. */
START_TEST(list_in_the_hypervisor)
{
    begin_linux();
    image_number(&maker, XEN_ELFNOTE_INIT_P2M, HYPERVISOR_VIRT_START);
    make_ok();
    ck_assert(!at.p2m_apart);
    ck_assert_uint_eq(at.p2m_virt, layout_virt(&at, at.p2m));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pv_start");
    TCase *tc = tcase_create("pv_start");

    tcase_add_test(tc, like_linux);
    tcase_add_test(tc, like_grub);
    tcase_add_test(tc, physical_addresses_with_an_offset);
    tcase_add_test(tc, dom0_has_no_rings);
    tcase_add_test(tc, tables_of_linux);
    tcase_add_test(tc, tables_of_grub);
    tcase_add_test(tc, tables_at_odd_bases);
    tcase_add_test(tc, start_info);
    tcase_add_test(tc, too_little_memory);
    tcase_add_test(tc, bases_of_nowhere);
    tcase_add_test(tc, other_addresses_of_nowhere);
    tcase_add_test(tc, list_in_the_hypervisor);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
