/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0-tools/laminad/core.c and p2m.c: a file that is read back as any ELF reader would,
 * and lists that a hostile kernel left.
 */
#include "../suite.h"

#include "laminad/core.h"

#include <check.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <unistd.h>

#include "laminad/p2m.h"

static int fd;
static struct core core;

static void page_of(uint64_t frame, uint8_t page[CORE_PAGE_SIZE])
{
    for (unsigned i = 0; i < CORE_PAGE_SIZE; i++)
        page[i] = (uint8_t)(frame * 7 + i / 3);
}

static void add(uint64_t frame)
{
    uint8_t page[CORE_PAGE_SIZE];

    page_of(frame, page);
    ck_assert_int_eq(core_add_page(&core, frame, page), 0);
}

static Elf64_Phdr header(unsigned index)
{
    Elf64_Ehdr elf;
    Elf64_Phdr phdr;

    ck_assert_int_eq(pread(fd, &elf, sizeof(elf), 0), sizeof(elf));
    ck_assert_int_eq(memcmp(elf.e_ident, ELFMAG, SELFMAG), 0);
    ck_assert_int_eq(elf.e_type, ET_CORE);
    ck_assert_uint_lt(index, elf.e_phnum);
    ck_assert_int_eq(pread(fd, &phdr, sizeof(phdr), (off_t)(elf.e_phoff + index * sizeof(phdr))),
                     sizeof(phdr));
    return phdr;
}

static unsigned nr_headers(void)
{
    Elf64_Ehdr elf;

    ck_assert_int_eq(pread(fd, &elf, sizeof(elf), 0), sizeof(elf));
    return elf.e_phnum;
}

static void check_load(unsigned index, uint64_t first, uint64_t nr)
{
    uint8_t expected[CORE_PAGE_SIZE], page[CORE_PAGE_SIZE];
    Elf64_Phdr phdr = header(index);

    ck_assert_uint_eq(phdr.p_type, PT_LOAD);
    ck_assert_uint_eq(phdr.p_paddr, first * CORE_PAGE_SIZE);
    ck_assert_uint_eq(phdr.p_filesz, nr * CORE_PAGE_SIZE);
    for (uint64_t i = 0; i < nr; i++) {
        page_of(first + i, expected);
        ck_assert_int_eq(pread(fd, page, sizeof(page), (off_t)(phdr.p_offset + i * sizeof(page))),
                         sizeof(page));
        ck_assert_int_eq(memcmp(page, expected, sizeof(page)), 0);
    }
}

START_TEST(runs_become_headers)
{
    ck_assert_int_eq(core_begin(&core, fd, 5000), 0);
    add(17);
    add(0);
    add(1);
    add(16);
    add(4999);
    add(1);    /* twice */
    add(5000); /* too far up */
    add(UINT64_MAX);
    ck_assert_uint_eq(core.nr_pages, 5);
    ck_assert_int_eq(core_finish(&core, &(struct core_domain){ .domid = 3 }), 0);
    ck_assert_uint_eq(nr_headers(), 4);
    check_load(1, 0, 2);
    check_load(2, 16, 2);
    check_load(3, 4999, 1);
}
END_TEST

/* Zeros are memory like any other, and take no space. */
START_TEST(zeros_take_no_space)
{
    static const uint8_t zeros[CORE_PAGE_SIZE];
    uint8_t page[CORE_PAGE_SIZE];
    struct stat st;

    ck_assert_int_eq(core_begin(&core, fd, 5000), 0);
    for (uint64_t frame = 0; frame < 1000; frame++)
        ck_assert_int_eq(core_add_page(&core, frame, zeros), 0);
    memset(page, 0, sizeof(page));
    page[CORE_PAGE_SIZE - 1] = 1;
    ck_assert_int_eq(core_add_page(&core, 1000, page), 0);
    ck_assert_uint_eq(core.nr_pages, 1001);
    ck_assert_int_eq(core_finish(&core, &(struct core_domain){ 0 }), 0);
    ck_assert_uint_eq(header(1).p_filesz, 1001 * CORE_PAGE_SIZE);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_int_lt(st.st_blocks * 512, 100 * CORE_PAGE_SIZE);
    ck_assert_int_eq(pread(fd, page, sizeof(page), 501 * CORE_PAGE_SIZE), sizeof(page));
    ck_assert_int_eq(memcmp(page, zeros, sizeof(page)), 0);
    ck_assert_int_eq(pread(fd, page, sizeof(page), 1001 * CORE_PAGE_SIZE), sizeof(page));
    ck_assert_uint_eq(page[CORE_PAGE_SIZE - 1], 1);
}
END_TEST

START_TEST(file_has_holes)
{
    struct stat st;

    ck_assert_int_eq(core_begin(&core, fd, 1 << 20), 0);
    add(0);
    add((1 << 20) - 1);
    ck_assert_int_eq(core_finish(&core, &(struct core_domain){ 0 }), 0);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_int_gt(st.st_size, (off_t)1 << 32);
    ck_assert_int_lt(st.st_blocks * 512, 1 << 20);
}
END_TEST

START_TEST(empty_domain)
{
    ck_assert_int_eq(core_begin(&core, fd, 100), 0);
    ck_assert_int_eq(core_finish(&core, &(struct core_domain){ 0 }), 0);
    ck_assert_uint_eq(nr_headers(), 1);
    ck_assert_uint_eq(header(0).p_type, PT_NOTE);
}
END_TEST

/* Every other frame: more runs than there can be headers. */
START_TEST(many_runs_become_one)
{
    uint8_t page[CORE_PAGE_SIZE];

    ck_assert_int_eq(core_begin(&core, fd, 1 << 20), 0);
    /* Only the map counts here; the pages would take long to write. */
    for (uint64_t frame = 0; frame < 2 * 61000; frame += 2)
        core.present[frame / 8] |= (uint8_t)(1u << frame % 8);
    add(121999);
    ck_assert_int_eq(core_finish(&core, &(struct core_domain){ 0 }), 0);
    ck_assert_uint_eq(nr_headers(), 2);
    Elf64_Phdr phdr = header(1);
    ck_assert_uint_eq(phdr.p_filesz, 122000 * (uint64_t)CORE_PAGE_SIZE);
    ck_assert_int_eq(pread(fd, page, sizeof(page), (off_t)(phdr.p_offset + CORE_PAGE_SIZE)),
                     sizeof(page));
    ck_assert_uint_eq(page[100], 0);
}
END_TEST

START_TEST(registers_are_where_debuggers_look)
{
    static struct vcpu_guest_context context, back;
    struct elf_prstatus status;
    uint8_t notes[16384];
    Elf64_Nhdr note;

    context.user_regs.rip = 0x1234567890;
    context.user_regs.rsp = 0xffff888000001000;
    context.user_regs.r15 = 15;
    context.user_regs.ss = 0xe02b;
    context.fs_base = 77;
    context.ctrlreg[3] = 0xabc000;
    ck_assert_int_eq(core_begin(&core, fd, 10), 0);
    ck_assert_int_eq(core_add_vcpu(&core, 0, &context), 0);
    ck_assert_int_eq(core_add_vcpu(&core, 1, &context), 0);
    ck_assert_int_eq(core_finish(&core, &(struct core_domain){ .domid = 9, .reason = 3 }), 0);
    Elf64_Phdr phdr = header(0);
    ck_assert_uint_le(phdr.p_filesz, sizeof(notes));
    ck_assert_int_eq(pread(fd, notes, phdr.p_filesz, (off_t)phdr.p_offset), phdr.p_filesz);
    memcpy(&note, notes, sizeof(note));
    ck_assert_uint_eq(note.n_type, NT_PRSTATUS);
    ck_assert_uint_eq(note.n_descsz, sizeof(status));
    ck_assert_str_eq((char *)notes + sizeof(note), "CORE");
    memcpy(&status, notes + sizeof(note) + 8, sizeof(status));
    ck_assert_uint_eq(status.pr_reg[0], 15);
    ck_assert_uint_eq(status.pr_reg[16], 0x1234567890);
    ck_assert_uint_eq(status.pr_reg[19], 0xffff888000001000);
    ck_assert_uint_eq(status.pr_reg[20], 0xe02b);
    ck_assert_uint_eq(status.pr_reg[21], 77);
    size_t at = sizeof(note) + 8 + sizeof(status);
    memcpy(&note, notes + at, sizeof(note));
    ck_assert_uint_eq(note.n_type, CORE_NOTE_VCPU);
    ck_assert_str_eq((char *)notes + at + sizeof(note), CORE_NOTE_OWNER);
    memcpy(&back, notes + at + sizeof(note) + 8, sizeof(back));
    ck_assert_mem_eq(&back, &context, sizeof(back));
}
END_TEST

/* --- the list of frames; machine frame n is memory[n] --- */

#define FRAMES 64
static uint64_t memory[FRAMES][P2M_ENTRIES];
static uint64_t nr_visited, sum_visited, nr_read;

static int read_memory(void *context, uint64_t mfn, uint64_t page[P2M_ENTRIES])
{
    (void)context;
    nr_read++;
    if (mfn >= FRAMES)
        return -EINVAL;
    memcpy(page, memory[mfn], sizeof(memory[mfn]));
    return 0;
}

static int visit(void *context, uint64_t first, const uint64_t *mfns, size_t nr)
{
    ck_assert_uint_eq(first % P2M_ENTRIES, 0);
    for (size_t i = 0; i < nr; i++)
        sum_visited += mfns[i];
    nr_visited += nr;
    return context ? -EIO : 0;
}

static int walk(uint64_t max_pfn, uint64_t root, uint64_t nr_max)
{
    struct arch_shared_info arch = { .max_pfn = max_pfn, .pfn_to_mfn_frame_list_list = root };

    nr_visited = sum_visited = nr_read = 0;
    return p2m_walk(&arch, nr_max, read_memory, visit, NULL);
}

START_TEST(good_list_is_walked)
{
    memset(memory, 0xff, sizeof(memory));
    memory[1][0] = 2;
    memory[2][0] = 3;
    memory[2][1] = 4;
    for (unsigned i = 0; i < P2M_ENTRIES; i++) {
        memory[3][i] = 1;
        memory[4][i] = 1000;
    }
    ck_assert_int_eq(walk(P2M_ENTRIES + 10, 1, 1 << 20), 0);
    ck_assert_uint_eq(nr_visited, P2M_ENTRIES + 10);
    ck_assert_uint_eq(sum_visited, P2M_ENTRIES + 10 * 1000);
    ck_assert_int_eq(walk(5, 1, 1 << 20), 0);
    ck_assert_uint_eq(nr_visited, 5);
    /* What cannot be read is passed over. */
    memory[2][0] = 12345;
    ck_assert_int_eq(walk(P2M_ENTRIES + 10, 1, 1 << 20), 0);
    ck_assert_uint_eq(nr_visited, 10);
}
END_TEST

START_TEST(absent_list_is_told)
{
    ck_assert_int_eq(walk(100, 0, 1 << 20), -ENODATA);
    ck_assert_int_eq(walk(100, UINT64_MAX, 1 << 20), -ENODATA);
    ck_assert_int_eq(walk(100, 12345, 1 << 20), -ENODATA);
    ck_assert_int_eq(walk(0, 1, 1 << 20), -ENODATA);
}
END_TEST

/* A page that names itself at all levels, and the largest number of frames: still bounded. */
START_TEST(endless_list_ends)
{
    for (unsigned i = 0; i < P2M_ENTRIES; i++)
        memory[1][i] = 1;
    ck_assert_int_eq(walk(UINT64_MAX, 1, 1 << 20), 0);
    ck_assert_uint_eq(nr_visited, 1 << 20);
    ck_assert_uint_le(nr_read, 1 + 4 + (1 << 20) / P2M_ENTRIES);
    /* A visitor that fails ends it. */
    struct arch_shared_info arch = { .max_pfn = 1 << 20, .pfn_to_mfn_frame_list_list = 1 };
    nr_visited = 0;
    ck_assert_int_eq(p2m_walk(&arch, 1 << 20, read_memory, visit, &arch), -EIO);
    ck_assert_uint_eq(nr_visited, P2M_ENTRIES);
}
END_TEST

static void set_up(void)
{
    char path[] = "/tmp/lamina-core.XXXXXX";

    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    unlink(path);
    core = (struct core){ 0 };
}

static void tear_down(void)
{
    core_free(&core);
    close(fd);
}

int main(void)
{
    Suite *suite = suite_create("core");
    TCase *tests = tcase_create("core");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, runs_become_headers);
    tcase_add_test(tests, file_has_holes);
    tcase_add_test(tests, zeros_take_no_space);
    tcase_add_test(tests, empty_domain);
    tcase_add_test(tests, many_runs_become_one);
    tcase_add_test(tests, registers_are_where_debuggers_look);
    tcase_add_test(tests, good_list_is_walked);
    tcase_add_test(tests, absent_list_is_told);
    tcase_add_test(tests, endless_list_ends);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
