/* SPDX-License-Identifier: MIT */
/*
 * Which bytes of a kernel are loaded: holes are left out, whatever their place in a segment;
 * segments that claim the same memory are refused. And what a domain is started with.
 */
#include "../suite.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "builder/build.h"
#include "builder/kernel.h"
#include "elf_image.h"
#include "public/elfnote.h"

#define MIB      (UINT64_C(1) << 20)
#define PAGES    64
#define FRAME(n) ((uint64_t)(n)*IMAGE_FIRST)

static uint8_t image[PAGES * IMAGE_FIRST];
static struct elf_maker maker;
static struct pv_start start;
static struct kernel_piece *pieces;
static size_t nr;
static const char *why;

static void begin(void)
{
    memset(image, 0, sizeof(image));
    image_begin(&maker, image, 0x1000);
    image_note(&maker, XEN_ELFNOTE_XEN_VERSION, "xen-3.0", 8);
    start = (struct pv_start){ .nr_frames = 4096, .nr_rings = 2 };
}

/* A file whose pages are data where the map has a bit. */
static int data_by_map(void *context, uint64_t at, uint64_t *from, uint64_t *to)
{
    uint64_t map = *(uint64_t *)context, page = at / IMAGE_FIRST;

    while (page < PAGES && !(map >> page & 1))
        page++;
    if (page == PAGES)
        return -ENXIO;
    *from = MAX(at, FRAME(page));
    while (page < PAGES && (map >> page & 1))
        page++;
    *to = FRAME(page);
    return 0;
}

static int list(uint64_t map)
{
    free(pieces);
    pieces = NULL;
    nr = 0;
    ck_assert_int_eq(pv_kernel_open(&start, image, sizeof(image), &why), 0);
    return kernel_pieces(&start, data_by_map, &map, &pieces, &nr, &why);
}

START_TEST(without_holes)
{
    begin();
    image_load(&maker, FRAME(1), MIB, FRAME(4), FRAME(8));
    image_load(&maker, FRAME(5) + 7, 2 * MIB + 7, 100, 100);
    ck_assert_int_eq(list(UINT64_MAX), 0);
    ck_assert_uint_eq(nr, 2);
    ck_assert_uint_eq(pieces[0].offset, FRAME(1));
    ck_assert_uint_eq(pieces[0].paddr, MIB);
    ck_assert_uint_eq(pieces[0].bytes, FRAME(4));
    ck_assert_uint_eq(pieces[1].offset, FRAME(5) + 7);
    ck_assert_uint_eq(pieces[1].paddr, 2 * MIB + 7);
    ck_assert_uint_eq(pieces[1].bytes, 100);
}
END_TEST

/* Every map of ten pages, seen through a segment that starts and ends inside of pages. */
START_TEST(all_holes)
{
    static uint8_t memory[16 * IMAGE_FIRST];

    for (uint64_t map = 0; map < 1024; map++) {
        begin();
        image_load(&maker, FRAME(1) + 100, 100, FRAME(9) - 200, FRAME(9));
        ck_assert_int_eq(list(map), 0);
        memset(memory, 0, sizeof(memory));
        for (size_t i = 0; i < nr; i++) {
            ck_assert_uint_gt(pieces[i].bytes, 0);
            ck_assert_uint_eq(pieces[i].offset - pieces[i].paddr, FRAME(1));
            memset(memory + pieces[i].paddr, 1, pieces[i].bytes);
        }
        uint64_t nr_wrong = 0;
        for (uint64_t at = 0; at < FRAME(10); at++) {
            bool inside = at >= 100 && at < FRAME(9) - 100;
            bool is_data = map >> (at / IMAGE_FIRST + 1) & 1;
            nr_wrong += memory[at] != (inside && is_data);
        }
        ck_assert_uint_eq(nr_wrong, 0);
    }
}
END_TEST

START_TEST(overlaps)
{
    begin();
    image_load(&maker, FRAME(1), MIB, 100, FRAME(2));
    image_load(&maker, FRAME(1), MIB + FRAME(2), 100, FRAME(2)); /* next to it */
    ck_assert_int_eq(list(UINT64_MAX), 0);
    begin();
    image_load(&maker, FRAME(1), MIB, 100, FRAME(2) + 1);
    image_load(&maker, FRAME(1), MIB + FRAME(2), 100, FRAME(2));
    ck_assert_int_eq(list(UINT64_MAX), -ENOEXEC);
    ck_assert_ptr_nonnull(strstr(why, "overlap"));
    begin();
    image_load(&maker, FRAME(1), MIB + FRAME(1), 1, 1); /* the later one below and round it */
    image_load(&maker, FRAME(1), MIB, 100, FRAME(4));
    ck_assert_int_eq(list(UINT64_MAX), -ENOEXEC);
}
END_TEST

static int image_file(void)
{
    int fd = memfd_create("kernel", 0);

    ck_assert_int_eq(write(fd, image, sizeof(image)), sizeof(image));
    return fd;
}

START_TEST(opened)
{
    struct failure failure = { 0 };
    struct kernel kernel;

    begin();
    image_load(&maker, FRAME(1), MIB, FRAME(4), FRAME(8));
    ck_assert_int_eq(kernel_open(&kernel, "name", image_file(), &failure), 0);
    ck_assert_uint_eq(kernel.nr_pieces, 1);
    kernel_close(&kernel);
    image_put(&maker, 64 + 32, 0, 8); /* no notes */
    ck_assert_int_eq(kernel_open(&kernel, "name", image_file(), &failure), -ENOEXEC);
    ck_assert_str_eq(failure.text,
                     "kernel name: it has no Xen notes; a kernel with CONFIG_XEN_PV is needed");
    failure = (struct failure){ 0 };
    ck_assert_int_eq(kernel_open(&kernel, "name", memfd_create("empty", 0), &failure), -EIO);
}
END_TEST

START_TEST(first_state)
{
    struct build_request request = { .domain = 3, .store_port = 5, .console_port = 6 };
    struct build build = { .request = &request, .shared_info = 77 };
    struct vcpu_guest_context context;
    struct start_info info;

    begin();
    image_load(&maker, FRAME(1), 0, FRAME(4), FRAME(8));
    image_number(&maker, XEN_ELFNOTE_VIRT_BASE, UINT64_C(0xffffffff80000000));
    image_number(&maker, XEN_ELFNOTE_ENTRY, UINT64_C(0xffffffff80000123));
    ck_assert_int_eq(pv_kernel_open(&start, image, sizeof(image), &why), 0);
    ck_assert_int_eq(pv_layout_make(&build.at, &start, &why), 0);
    build.kernel.start = start;
    build.p2m = calloc(start.nr_frames, sizeof(uint64_t));
    for (uint64_t i = 0; i < start.nr_frames; i++)
        build.p2m[i] = 9000 + i;
    build_context(&build, &context);
    ck_assert_uint_eq(context.flags, VGCF_in_kernel | VGCF_online);
    ck_assert_uint_eq(context.user_regs.rip, UINT64_C(0xffffffff80000123));
    ck_assert_uint_eq(context.user_regs.rsp, layout_virt(&build.at, build.at.stack + 1));
    ck_assert_uint_eq(context.user_regs.rsi, layout_virt(&build.at, build.at.start_info));
    ck_assert_uint_eq(context.user_regs.rflags, 0x200);
    ck_assert_uint_eq(context.user_regs.cs, 0xe033);
    ck_assert_uint_eq(context.user_regs.ss, 0xe02b);
    ck_assert_uint_eq(context.user_regs.ds | context.user_regs.rax | context.user_regs.rdi, 0);
    ck_assert_uint_eq(context.kernel_ss, 0xe02b);
    ck_assert_uint_eq(context.kernel_sp, context.user_regs.rsp);
    ck_assert_uint_eq(context.ctrlreg[3], (9000 + build.at.tables) << 12);
    build_start_info(&build, &info);
    ck_assert_uint_eq(info.shared_info, 77 << 12);
    ck_assert_uint_eq(info.store_mfn, 9000 + build.at.rings);
    ck_assert_uint_eq(info.console.domU.mfn, 9000 + build.at.rings + 1);
    ck_assert_uint_eq(info.store_evtchn, 5);
    ck_assert_uint_eq(info.console.domU.evtchn, 6);
    ck_assert_uint_eq(info.flags, 0);
    free(build.p2m);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { without_holes, all_holes, overlaps, opened, first_state };
    Suite *suite = suite_create("kernel");
    TCase *tc = tcase_create("kernel");

    for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        tcase_add_test(tc, tests[i]);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
