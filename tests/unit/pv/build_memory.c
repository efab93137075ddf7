/* SPDX-License-Identifier: MIT */
/*
 * Loading in place: frames of well laid out segments become the domain's, each for one page only;
 * whatever a file does to be given a frame twice, or its own headers, is copied instead.
 */
#include <check.h>
#include <stdlib.h>

#include "lib/errno.h"
#include "mm/alloc.h"
#include "mm/update.h"
#include "pv/build.h"

#define KERNEL   UINT64_C(64) /* first frame of the module; the allocator has those from 256 on */
#define NR_PAGES 100          /* of the domain */

static struct domain d;
static struct pv_image image;
static struct pv_build b;
static uint64_t p2m[NR_PAGES];

int build_fail(struct pv_build *build, int rc, const char *why)
{
    build->why = why;
    return rc;
}

struct phdr {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

static void segment(unsigned i, uint64_t offset, uint64_t paddr, uint64_t filesz, uint64_t memsz)
{
    struct phdr *h = (struct phdr *)((char *)machine_map(_mfn(KERNEL)) + 64);

    h[i] = (struct phdr){ .type = ELF_PT_LOAD, .offset = offset, .paddr = paddr,
                          .filesz = filesz, .memsz = memsz };
    b.start.elf.nr_headers = i + 1;
    b.start.elf.headers_end = 64 + (i + 1) * sizeof(struct phdr);
}

static void setup(void)
{
    host_reset();
    frames_init(HOST_FRAMES_MAX * PAGE_SIZE, host_take);
    frames_add(256 * PAGE_SIZE, host_ram_end());
    memset(&d, 0, sizeof(d));
    memset(p2m, 0, sizeof(p2m));
    d.mm = (struct mm_account){ .slot = 1, .frames_max = UINT64_MAX };
    ck_assert_int_eq(mm_account_register(&d.mm), 0);
    image = (struct pv_image){ .kernel = KERNEL * PAGE_SIZE, .kernel_bytes = 50 * PAGE_SIZE,
                               .kernel_is_ours = true, .nr_frames = NR_PAGES };
    b = (struct pv_build){ .d = &d, .image = &image, .p2m = p2m,
                           .start.elf = { .data = machine_map(_mfn(KERNEL)),
                                    .bytes = image.kernel_bytes, .headers = 64 } };
}

static void teardown(void)
{
    d.mm.is_dying = true;
    while (account_relinquish(&d.mm) == -ERESTART)
        ;
    ck_assert_uint_eq(host_locks_held(), 0);
    mm_account_unregister(&d.mm);
}

/* Builds; every page must have a frame of its own. Returns how many are the module's. */
static unsigned in_place_after_build(void)
{
    unsigned nr = 0;
    bool initrd;

    ck_assert_int_eq(build_memory(&b, &initrd), 0);
    ck_assert_uint_eq(d.mm.nr_frames, NR_PAGES);
    for (unsigned i = 0; i < NR_PAGES; i++) {
        ck_assert_uint_ne(p2m[i], 0);
        ck_assert_int_eq(page_of(_mfn(p2m[i]))->owner, 1);
        nr += p2m[i] < 256;
        for (unsigned j = 0; j < i; j++)
            ck_assert_uint_ne(p2m[i], p2m[j]);
    }
    return nr;
}

START_TEST(test_good_layout_is_taken)
{
    segment(0, 1 * PAGE_SIZE, 4 * PAGE_SIZE, 10 * PAGE_SIZE, 10 * PAGE_SIZE);
    segment(1, 12 * PAGE_SIZE, 20 * PAGE_SIZE, 5 * PAGE_SIZE + 7, 9 * PAGE_SIZE);
    ck_assert_uint_eq(build_memory_in_place(&b), 15);
    ck_assert_uint_eq(in_place_after_build(), 15);
    ck_assert_uint_eq(p2m[4], KERNEL + 1);
    ck_assert_uint_eq(p2m[24], KERNEL + 16);
    ck_assert_uint_ge(p2m[25], 256); /* the part page, with what follows it in the file */
}
END_TEST

START_TEST(test_nothing_is_taken_twice)
{
    segment(0, 1 * PAGE_SIZE, 4 * PAGE_SIZE, 10 * PAGE_SIZE, 10 * PAGE_SIZE);
    segment(1, 10 * PAGE_SIZE, 20 * PAGE_SIZE, 5 * PAGE_SIZE, 5 * PAGE_SIZE); /* same frame */
    segment(2, 20 * PAGE_SIZE, 13 * PAGE_SIZE, 5 * PAGE_SIZE, 5 * PAGE_SIZE); /* same page */
    ck_assert_uint_eq(in_place_after_build(), 10);
}
END_TEST

START_TEST(test_headers_are_not_taken)
{
    segment(0, 0, 4 * PAGE_SIZE, 10 * PAGE_SIZE, 10 * PAGE_SIZE);
    ck_assert_uint_eq(in_place_after_build(), 0);
}
END_TEST

START_TEST(test_misaligned_is_not_taken)
{
    segment(0, PAGE_SIZE + 16, 4 * PAGE_SIZE + 16, 10 * PAGE_SIZE, 10 * PAGE_SIZE);
    segment(1, 12 * PAGE_SIZE, 20 * PAGE_SIZE + 8, PAGE_SIZE, PAGE_SIZE);
    ck_assert_uint_eq(in_place_after_build(), 0);
}
END_TEST

START_TEST(test_shared_module_is_not_taken)
{
    image.kernel_is_ours = false;
    segment(0, 1 * PAGE_SIZE, 4 * PAGE_SIZE, 10 * PAGE_SIZE, 10 * PAGE_SIZE);
    ck_assert_uint_eq(in_place_after_build(), 0);
}
END_TEST

START_TEST(test_initrd_is_taken_and_its_tail_cleared)
{
    char *tail = (char *)machine_map(_mfn(KERNEL + 60)) + 5;

    *tail = 'x';
    image.initrd = (KERNEL + 58) * PAGE_SIZE;
    image.initrd_bytes = 2 * PAGE_SIZE + 5;
    image.initrd_is_ours = true;
    b.at.initrd = 30;
    b.at.nr_initrd = 3;
    ck_assert_uint_eq(build_memory_in_place(&b), 3);
    ck_assert_uint_eq(in_place_after_build(), 3);
    ck_assert_uint_eq(p2m[32], KERNEL + 60);
    ck_assert_int_eq(*tail, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("build_memory");
    TCase *tests = tcase_create("in place");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_good_layout_is_taken);
    tcase_add_test(tests, test_nothing_is_taken_twice);
    tcase_add_test(tests, test_headers_are_not_taken);
    tcase_add_test(tests, test_misaligned_is_not_taken);
    tcase_add_test(tests, test_shared_module_is_not_taken);
    tcase_add_test(tests, test_initrd_is_taken_and_its_tail_cleared);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
