/* SPDX-License-Identifier: MIT */
/*
 * The kernel cache in a folder of the test: what it keeps and finds again, what it does about
 * contents that were changed, cut, moved or half written, and its bounds.
 */
#include "../suite.h"

#include "builder/kernel_cache.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "builder/cache_folder.h"
#include "elf_image.h"

#define ELF_BYTES (40 * IMAGE_FIRST)

static char top[] = "/tmp/kernel_cache.XXXXXX", folder[64], source[64];
static struct kernel_cache cache;
static struct failure failure;
static uint8_t image[ELF_BYTES];

static void setup(void)
{
    strcpy(top, "/tmp/kernel_cache.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(top));
    snprintf(folder, sizeof(folder), "%s/a/b", top);
    snprintf(source, sizeof(source), "%s/vmlinuz", top);
    cache = (struct kernel_cache){ folder, UINT64_C(1) << 30, 16 };
    failure = (struct failure){ 0 };
}

static void teardown(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf %s", top);
    ck_assert_int_eq(system(command), 0);
}

/* Waits until a later change of the file must change its times. */
static void settle(const char *path)
{
    struct timespec now;
    struct stat st;

    ck_assert_int_eq(stat(path, &st), 0);
    do
        clock_gettime(CLOCK_REALTIME_COARSE, &now);
    while (now.tv_sec < st.st_ctim.tv_sec ||
           (now.tv_sec == st.st_ctim.tv_sec && now.tv_nsec <= st.st_ctim.tv_nsec));
}

static void write_file(const char *path, const void *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
    close(fd);
    settle(path);
}

/* A kernel whose content is told apart by a mark; zeros in between. */
static void write_elf(const char *path, uint8_t mark)
{
    struct elf_maker maker;

    memset(image, 0, sizeof(image));
    image_begin(&maker, image, 0);
    image[IMAGE_FIRST] = mark;
    image[sizeof(image) - 1] = mark;
    write_file(path, image, sizeof(image));
}

/* What the cache gives for a path must be the image. */
static void open_and_compare(const char *path)
{
    uint8_t found[ELF_BYTES];
    int fd = kernel_cache_open(&cache, path, &failure);

    ck_assert_msg(fd >= 0, "%s", failure.text);
    ck_assert_int_eq(pread(fd, found, sizeof(found), 0), ELF_BYTES);
    ck_assert_int_eq(memcmp(found, image, sizeof(image)), 0);
    close(fd);
}

/* Files in the folder that end in (or start with) a word. */
static unsigned nr_files(const char *word)
{
    unsigned nr = 0;
    DIR *listing = opendir(folder);

    if (!listing)
        return 0;
    for (struct dirent *e = readdir(listing); e; e = readdir(listing))
        nr += strstr(e->d_name, word) != NULL;
    closedir(listing);
    return nr;
}

/* Path of the only content, or of its seal. */
static const char *kept(const char *kind)
{
    static char path[256];
    char name[CACHE_NAME_SIZE];

    cache_name(image, sizeof(image), name);
    snprintf(path, sizeof(path), "%s/%s.%s", folder, name, kind);
    return path;
}

START_TEST(kept_and_found)
{
    struct stat st;

    write_elf(source, 1);
    open_and_compare(source);
    ck_assert_int_eq(stat(folder, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0700);
    ck_assert_uint_eq(nr_files(".elf"), 1);
    ck_assert_uint_eq(nr_files(".seal"), 1);
    ck_assert_uint_eq(nr_files("id."), 1);
    ck_assert_uint_eq(nr_files("new."), 0);
    open_and_compare(source);
    ck_assert_uint_eq(nr_files(""), 3 + 2); /* with . and .. */
}
END_TEST

/* A file that is known is not read: a link that lies about it is believed. */
START_TEST(found_by_identity)
{
    char other[80], name[CACHE_NAME_SIZE];
    struct stat st;

    snprintf(other, sizeof(other), "%s.other", source);
    write_elf(source, 1);
    open_and_compare(source);
    write_elf(other, 2);
    open_and_compare(other);
    cache_name(image, sizeof(image), name);
    int fd = cache_folder_open(folder);
    ck_assert_int_eq(stat(source, &st), 0);
    cache_identity_add(fd, &st, name);
    close(fd);
    open_and_compare(source);
}
END_TEST

START_TEST(found_by_content)
{
    char other[80];

    snprintf(other, sizeof(other), "%s.copy", source);
    write_elf(source, 1);
    open_and_compare(source);
    write_elf(other, 1);
    open_and_compare(other);
    ck_assert_uint_eq(nr_files(".elf"), 1);
    ck_assert_uint_eq(nr_files("id."), 2);
}
END_TEST

START_TEST(changed_source)
{
    write_elf(source, 1);
    open_and_compare(source);
    write_elf(source, 2); /* same inode, same size */
    open_and_compare(source);
    ck_assert_uint_eq(nr_files(".elf"), 2);
}
END_TEST

START_TEST(bzimage)
{
    static uint8_t boot[1024 + ELF_BYTES + 4];
    uint32_t size = ELF_BYTES;

    write_elf(source, 3);
    boot[0x1f1] = 1;
    memcpy(boot + 0x1fe, "\x55\xaa", 2);
    memcpy(boot + 0x202, "HdrS\x0f\x02", 6);
    memcpy(boot + 0x24c, &size, 4);
    memcpy(boot + 1024, image, ELF_BYTES);
    write_file(source, boot, 1024 + ELF_BYTES);
    open_and_compare(source);
    open_and_compare(source);
}
END_TEST

START_TEST(zeros_are_holes)
{
    struct stat st;

    write_elf(source, 1);
    int fd = kernel_cache_open(&cache, source, &failure);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_int_eq(st.st_size, ELF_BYTES);
    ck_assert_int_lt(st.st_blocks * 512, ELF_BYTES / 2);
    close(fd);
}
END_TEST

START_TEST(sparse_writing)
{
    static uint8_t found[ELF_BYTES];

    for (unsigned end = 0; end <= ELF_BYTES; end += IMAGE_FIRST / 2 + 1) {
        for (unsigned first = 0; first < end; first += 7 * IMAGE_FIRST + 5) {
            int fd = memfd_create("test", 0);
            memset(image, 0, sizeof(image));
            memset(image + first, 7, first + 3 < end ? 3 : end - first);
            ck_assert_int_eq(sparse_write(fd, image, end), 0);
            memset(found, 0xff, sizeof(found));
            ck_assert_int_eq(pread(fd, found, sizeof(found), 0), (ssize_t)end);
            ck_assert_int_eq(memcmp(found, image, end), 0);
            close(fd);
        }
    }
}
END_TEST

/* ---- damage ---- */

static void one_byte(const char *path, off_t at)
{
    int fd = open(path, O_RDWR);

    ck_assert_int_eq(pwrite(fd, "\x99", 1, at), 1);
    close(fd);
}

static void damage(int kind)
{
    static char copy[300];

    switch (kind) {
    case 0: /* written to */
        one_byte(kept("elf"), IMAGE_FIRST);
        break;
    case 1: /* cut */
        ck_assert_int_eq(truncate(kept("elf"), ELF_BYTES / 2), 0);
        break;
    case 2: /* gone */
        ck_assert_int_eq(unlink(kept("elf")), 0);
        break;
    case 3: /* no seal */
        ck_assert_int_eq(unlink(kept("seal")), 0);
        break;
    case 4: /* a seal that says nothing */
        write_file(kept("seal"), "x", 1);
        break;
    case 5: /* an empty seal */
        write_file(kept("seal"), "", 0);
        break;
    case 6: /* something else under its name */
        snprintf(copy, sizeof(copy), "%s", kept("elf"));
        ck_assert_int_eq(unlink(copy), 0);
        ck_assert_int_eq(symlink(source, copy), 0);
        break;
    case 7: /* moved: the same bytes in another file */
        snprintf(copy, sizeof(copy), "%s.moved", kept("elf"));
        write_file(copy, image, sizeof(image));
        ck_assert_int_eq(rename(copy, kept("elf")), 0);
        break;
    default:
        ck_abort_msg("no such damage");
    }
}

START_TEST(damaged)
{
    write_elf(source, 1);
    open_and_compare(source);
    damage(_i);
    open_and_compare(source);
    open_and_compare(source);
    ck_assert_uint_eq(nr_files(".elf"), 1);
    ck_assert_uint_eq(nr_files(".seal"), 1);
}
END_TEST

START_TEST(interrupted_writer)
{
    char path[80];

    write_elf(source, 1);
    open_and_compare(source);
    snprintf(path, sizeof(path), "%s/new.elf", folder);
    write_file(path, "half", 4);
    write_elf(source, 2);
    open_and_compare(source);
    ck_assert_uint_eq(nr_files("new."), 0);
}
END_TEST

/* ---- bounds ---- */

static void open_many(unsigned nr)
{
    for (unsigned i = 1; i <= nr; i++) {
        write_elf(source, (uint8_t)i);
        open_and_compare(source);
    }
}

START_TEST(bounded_in_number)
{
    cache.kernels_max = 3;
    open_many(5);
    ck_assert_uint_eq(nr_files(".elf"), 3);
    ck_assert_uint_eq(nr_files(".seal"), 3);
    ck_assert_uint_eq(nr_files("id."), 3);
}
END_TEST

START_TEST(bounded_in_bytes)
{
    struct stat st;

    open_many(1);
    ck_assert_int_eq(stat(kept("elf"), &st), 0);
    cache.bytes_max = (uint64_t)st.st_blocks * 512 * 2;
    open_many(4);
    ck_assert_uint_eq(nr_files(".elf"), 2);
    cache.bytes_max = 0; /* the one in use stays */
    open_many(5);
    ck_assert_uint_eq(nr_files(".elf"), 1);
}
END_TEST

/* Of three kernels the one that was used again stays. */
START_TEST(oldest_use_goes_first)
{
    char first[80];

    snprintf(first, sizeof(first), "%s.first", source);
    cache.kernels_max = 2;
    write_elf(first, 100);
    open_and_compare(first);
    open_many(1);
    settle(kept("elf"));
    write_elf(first, 100);
    open_and_compare(first);
    settle(kept("elf"));
    write_elf(source, 2);
    open_and_compare(source);
    write_elf(first, 100);
    ck_assert_int_eq(access(kept("elf"), F_OK), 0);
    ck_assert_uint_eq(nr_files(".elf"), 2);
}
END_TEST

START_TEST(links_are_bounded)
{
    char path[80];

    for (int i = 0; i < 100; i++) {
        snprintf(path, sizeof(path), "%s.%d", source, i);
        write_elf(path, (uint8_t)(i / 90));
        open_and_compare(path);
    }
    ck_assert_uint_le(nr_files("id."), 64 + 10);
}
END_TEST

/* ---- several at once, or nowhere to write ---- */

START_TEST(parallel)
{
    write_elf(source, 1);
    for (int i = 0; i < 8; i++) {
        if (fork() == 0) {
            int fd = kernel_cache_open(&cache, source, &failure);
            uint8_t byte = 0;
            _exit(fd < 0 || pread(fd, &byte, 1, IMAGE_FIRST) != 1 || byte != 1);
        }
    }
    for (int i = 0; i < 8; i++) {
        int status;
        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }
    ck_assert_uint_eq(nr_files(""), 3 + 2);
}
END_TEST

START_TEST(nowhere_to_write)
{
    write_elf(source, 1);
    cache.folder = "/dev/null/kernels";
    open_and_compare(source);
    ck_assert_int_lt(cache_folder_open(cache.folder), 0);
}
END_TEST

START_TEST(folder_of_everybody)
{
    write_elf(source, 1);
    open_and_compare(source);
    ck_assert_int_eq(chmod(folder, 0777), 0);
    one_byte(kept("elf"), IMAGE_FIRST); /* whatever is in there is not believed */
    open_and_compare(source);
    ck_assert_int_eq(cache_folder_open(folder), -EACCES);
}
END_TEST

START_TEST(bad_kernels)
{
    static const struct {
        const char *content, *text;
    } bad[] = { { "", "neither" }, { "\x1f\x8bnothing", "neither" }, { "\x7f" "ELF", "ELF" } };

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        failure = (struct failure){ 0 };
        write_file(source, bad[i].content, strlen(bad[i].content));
        ck_assert_int_lt(kernel_cache_open(&cache, source, &failure), 0);
        ck_assert_msg(strstr(failure.text, bad[i].text) != NULL, "%s", failure.text);
        ck_assert_ptr_nonnull(strstr(failure.text, source));
        ck_assert_int_eq(failure.kind, FAILURE_FILE);
    }
    failure = (struct failure){ 0 };
    ck_assert_int_lt(kernel_cache_open(&cache, top, &failure), 0);
    ck_assert_ptr_nonnull(strstr(failure.text, "not a file"));
    failure = (struct failure){ 0 };
    ck_assert_int_eq(kernel_cache_open(&cache, "/none", &failure), -ENOENT);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        kept_and_found,    found_by_identity,     found_by_content,  changed_source,
        bzimage,           zeros_are_holes,       sparse_writing,    interrupted_writer,
        bounded_in_number, bounded_in_bytes,      links_are_bounded, oldest_use_goes_first,
        parallel,          nowhere_to_write,      folder_of_everybody, bad_kernels,
    };
    Suite *suite = suite_create("kernel_cache");
    TCase *tc = tcase_create("kernel_cache");

    tcase_add_checked_fixture(tc, setup, teardown);
    for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        tcase_add_test(tc, tests[i]);
    tcase_add_loop_test(tc, damaged, 0, 8);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
