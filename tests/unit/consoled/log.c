/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0-tools/consoled/log.c: rotation keeps every byte but the oldest parts, files that
 * are moved away, and files that are none.
 */
#include "../suite.h"

#include "consoled/log.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"

static char directory[] = "/tmp/lamina-log.XXXXXX";
static char path[128];
static struct log_limits limits;
static struct log log_file;

static const char *part(int number)
{
    static char name[160];

    snprintf(name, sizeof(name), number ? "%s.%d" : "%s", path, number);
    return name;
}

static const char *content(int number)
{
    static char text[4096];
    int fd = open(part(number), O_RDONLY);

    memset(text, 0, sizeof(text));
    if (fd < 0)
        return "(none)";
    ck_assert_int_ge(read(fd, text, sizeof(text) - 1), 0);
    close(fd);
    return text;
}

static void put(const char *text)
{
    log_write(&log_file, (const uint8_t *)text, strlen(text));
}

START_TEST(parts_move_along)
{
    limits = (struct log_limits){ 8, 2 };
    log_open(&log_file, &limits, path, false);
    put("1234");
    put("5678");
    ck_assert_str_eq(content(0), "12345678");
    put("9");
    put("abc");
    ck_assert_str_eq(content(1), "12345678");
    ck_assert_str_eq(content(0), "9abc");
    put("defgh");
    put("ijklmnop");
    ck_assert_str_eq(content(0), "ijklmnop");
    ck_assert_str_eq(content(1), "defgh");
    ck_assert_str_eq(content(2), "9abc");
    ck_assert_str_eq(content(3), "(none)");
    /* A piece larger than a file has one for itself. */
    put("0123456789");
    ck_assert_str_eq(content(0), "0123456789");
    log_close(&log_file);
}
END_TEST

START_TEST(nothing_is_kept)
{
    limits = (struct log_limits){ 4, 0 };
    log_open(&log_file, &limits, path, false);
    put("1234");
    put("5");
    ck_assert_str_eq(content(0), "5");
    ck_assert_str_eq(content(1), "(none)");
    log_close(&log_file);
}
END_TEST

START_TEST(unlimited)
{
    limits = (struct log_limits){ 0, 3 };
    log_open(&log_file, &limits, path, false);
    for (int i = 0; i < 200; i++)
        put("0123456789");
    ck_assert_uint_eq(strlen(content(0)), 2000);
    ck_assert_str_eq(content(1), "(none)");
    log_close(&log_file);
}
END_TEST

START_TEST(log_goes_on_or_starts_anew)
{
    struct stat st;

    limits = (struct log_limits){ 100, 1 };
    log_open(&log_file, &limits, path, false);
    put("one");
    log_close(&log_file);
    log_open(&log_file, &limits, path, false);
    put("two");
    ck_assert_str_eq(content(0), "onetwo");
    ck_assert_uint_eq(log_file.size, 6);
    log_close(&log_file);
    log_open(&log_file, &limits, path, true);
    put("three");
    ck_assert_str_eq(content(0), "three");
    ck_assert_int_eq(stat(part(0), &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    log_close(&log_file);
}
END_TEST

START_TEST(moved_file_is_left)
{
    limits = (struct log_limits){ 100, 1 };
    log_open(&log_file, &limits, path, false);
    put("old");
    char moved[160];
    snprintf(moved, sizeof(moved), "%s", part(7));
    ck_assert_int_eq(rename(path, moved), 0);
    put("still");
    log_reopen(&log_file);
    put("new");
    ck_assert_str_eq(content(7), "oldstill");
    ck_assert_str_eq(content(0), "new");
    log_close(&log_file);
}
END_TEST

START_TEST(strange_files_are_refused)
{
    limits = (struct log_limits){ 100, 1 };
    ck_assert_int_eq(make_parents(path, 0700), 0);
    ck_assert_int_eq(mkdir(part(0), 0700), 0);
    log_open(&log_file, &limits, path, false);
    put("lost");
    ck_assert_int_lt(log_file.fd, 0);
    ck_assert_int_eq(rmdir(part(0)), 0);
    /* A pipe that nobody reads must not hold us up. */
    ck_assert_int_eq(mkfifo(part(0), 0600), 0);
    log_reopen(&log_file);
    ck_assert_int_lt(log_file.fd, 0);
    ck_assert_int_eq(unlink(part(0)), 0);
    log_reopen(&log_file);
    put("kept");
    ck_assert_str_eq(content(0), "kept");
    log_close(&log_file);
}
END_TEST

START_TEST(tail_begins_at_the_mark)
{
    uint8_t data[16];

    limits = (struct log_limits){ 20, 1 };
    log_open(&log_file, &limits, path, false);
    put("before");
    struct log_mark mark = log_mark(&log_file);
    ck_assert_uint_eq(log_tail(&log_file, mark, data, sizeof(data)), 0);
    put("after");
    ck_assert_uint_eq(log_tail(&log_file, mark, data, sizeof(data)), 5);
    ck_assert_int_eq(memcmp(data, "after", 5), 0);
    ck_assert_uint_eq(log_tail(&log_file, mark, data, 3), 3);
    ck_assert_int_eq(memcmp(data, "ter", 3), 0);
    /* Rotated away: all of the present file came after the mark. */
    put("0123456789");
    ck_assert_uint_eq(log_tail(&log_file, mark, data, sizeof(data)), 10);
    log_close(&log_file);
}
END_TEST

static void set_up(void)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
    /* Its folder has to be made as well. */
    snprintf(path, sizeof(path), "%s/console/name.log", directory);
}

static void tear_down(void)
{
    for (int i = 0; i < 8; i++)
        (void)remove(part(i));
    *strrchr(path, '/') = '\0';
    ck_assert_int_eq(rmdir(path), 0);
    ck_assert_int_eq(rmdir(directory), 0);
}

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *tests = tcase_create("log");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, parts_move_along);
    tcase_add_test(tests, nothing_is_kept);
    tcase_add_test(tests, unlimited);
    tcase_add_test(tests, log_goes_on_or_starts_anew);
    tcase_add_test(tests, moved_file_is_left);
    tcase_add_test(tests, strange_files_are_refused);
    tcase_add_test(tests, tail_begins_at_the_mark);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
