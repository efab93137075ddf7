/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0-tools/common/io.c: parts, bounds, and files that are replaced whole.
 */
#include "../suite.h"

#include "common/io.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/lamina-io.XXXXXX";

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static void *drain(void *context)
{
    static char sink[3];
    size_t *total = context;
    ssize_t n;

    while ((n = read((int)total[1], sink, sizeof(sink))) > 0)
        total[0] += (size_t)n;
    return NULL;
}

/* A pipe takes only as much as it has room for. */
START_TEST(all_is_written)
{
    static uint8_t data[1 << 20];
    size_t total[2] = { 0 };
    int ends[2];
    pthread_t reader;

    ck_assert_int_eq(pipe(ends), 0);
    total[1] = (size_t)ends[0];
    ck_assert_int_eq(pthread_create(&reader, NULL, drain, total), 0);
    ck_assert_int_eq(write_all(ends[1], data, sizeof(data)), 0);
    close(ends[1]);
    pthread_join(reader, NULL);
    ck_assert_uint_eq(total[0], sizeof(data));
    close(ends[0]);
    ck_assert_int_eq(write_all(ends[1], data, 1), -EBADF);
    ck_assert_int_eq(write_all(ends[1], data, 0), 0);
}
END_TEST

START_TEST(whole_is_read)
{
    uint8_t *data;
    size_t size;

    ck_assert_int_eq(replace_file(path_of("a"), "0123456789", 10, 0600), 0);
    int fd = open(path_of("a"), O_RDONLY);
    ck_assert_int_eq(read_whole(fd, 9, &data, &size), -EFBIG);
    ck_assert_int_eq(read_whole(fd, 10, &data, &size), 0);
    ck_assert_uint_eq(size, 10);
    ck_assert_str_eq((char *)data, "0123456789");
    free(data);
    close(fd);
    fd = open(directory, O_RDONLY);
    ck_assert_int_eq(read_whole(fd, 10, &data, &size), -EINVAL);
    close(fd);
    fd = open("/dev/zero", O_RDONLY);
    ck_assert_int_eq(read_whole(fd, 10, &data, &size), -EINVAL);
    close(fd);
}
END_TEST

START_TEST(file_is_replaced)
{
    struct stat st;
    char back[8] = "";

    umask(0027);
    ck_assert_int_eq(replace_file(path_of("b"), "old", 3, 0666), 0);
    int before = open(path_of("b"), O_RDONLY);
    ck_assert_int_eq(replace_file(path_of("b"), "newer", 5, 0644), 0);
    ck_assert_int_eq(read(before, back, sizeof(back)), 3);
    ck_assert_str_eq(back, "old");
    close(before);
    ck_assert_int_eq(stat(path_of("b"), &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0640);
    ck_assert_int_eq(st.st_size, 5);
    ck_assert_int_eq(replace_file(path_of("none/b"), "x", 1, 0644), -ENOENT);
    /* A name that is a directory stays, and nothing is left beside it. */
    ck_assert_int_eq(mkdir(path_of("d"), 0755), 0);
    ck_assert_int_eq(replace_file(path_of("d"), "x", 1, 0644), -EISDIR);
    ck_assert_int_eq(rmdir(path_of("d")), 0);
}
END_TEST

START_TEST(parents_are_made)
{
    ck_assert_int_eq(make_parents(path_of("x/y/z/file"), 0755), 0);
    ck_assert_int_eq(make_parents(path_of("x/y/z/file"), 0755), 0);
    ck_assert_int_eq(access(path_of("x/y/z"), F_OK), 0);
    ck_assert_int_ne(access(path_of("x/y/z/file"), F_OK), 0);
    ck_assert_int_eq(replace_file(path_of("x/f"), "", 0, 0644), 0);
    ck_assert_int_eq(make_parents(path_of("x/f/g/h"), 0755), -ENOTDIR);
    ck_assert_int_eq(make_parents("name", 0755), 0);
}
END_TEST

static void set_up(void)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
}

/* Nothing but what the tests made may be left: a forgotten temporary file fails rmdir. */
static void tear_down(void)
{
    static const char *const names[] = { "a", "b", "x/f", "x/y/z", "x/y", "x" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)remove(path_of(names[i]));
    ck_assert_int_eq(rmdir(directory), 0);
}

int main(void)
{
    Suite *suite = suite_create("io");
    TCase *tests = tcase_create("io");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, all_is_written);
    tcase_add_test(tests, whole_is_read);
    tcase_add_test(tests, file_is_replaced);
    tcase_add_test(tests, parents_are_made);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
