/* SPDX-License-Identifier: MIT */
/* format_to(): each conversion against the text that C gives it, and every bound of the buffer. */
#include "../suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/format.h"

/* Formats as the C library does, and must agree with it. */
#define CHECK_SAME(...)                                                                            \
    do {                                                                                           \
        char ours[128], theirs[128];                                                               \
        size_t len = format_to(ours, sizeof(ours), __VA_ARGS__);                                   \
                                                                                                   \
        ck_assert_int_eq((int)len, snprintf(theirs, sizeof(theirs), __VA_ARGS__));                 \
        ck_assert_str_eq(ours, theirs);                                                            \
    } while (0)

START_TEST(agrees_with_c)
{
    CHECK_SAME("plain");
    CHECK_SAME("%d %d %d", 0, -1, INT32_MAX);
    CHECK_SAME("%d", INT32_MIN);
    CHECK_SAME("%ld %lld", INT64_MIN, (long long)INT64_MAX);
    CHECK_SAME("%u %lu", UINT32_MAX, UINT64_MAX);
    CHECK_SAME("%x %lx", 0xbeefu, UINT64_MAX);
    CHECK_SAME("%02x:%02x %016lx", 7u, 0x1fu, UINT64_C(0xffff808000000000));
    CHECK_SAME("[%8d] [%-8d] [%08d]", -42, -42, -42);
    CHECK_SAME("[%-8s] [%8s] [%.3s] [%.*s]", "abc", "abc", "abcdef", 2, "abcdef");
    CHECK_SAME("[%04d] [%-4d] [%-6x]", 12345, -5, 0xabu);
    CHECK_SAME("%c%c%%", 'o', 'k');
    CHECK_SAME("%zu", (size_t)12);
}
END_TEST

START_TEST(bounded)
{
    char buf[8];

    memset(buf, '#', sizeof(buf));
    ck_assert_uint_eq(format_to(buf, 4, "%s", "abcdefgh"), 3);
    ck_assert_str_eq(buf, "abc");
    ck_assert_int_eq(buf[4], '#');
    ck_assert_uint_eq(format_to(buf, 1, "%d", 12345), 0);
    ck_assert_str_eq(buf, "");
    ck_assert_uint_eq(format_to(NULL, 0, "%d", 12345), 0);
    ck_assert_uint_eq(format_to(buf, 5, "%99999d", 1), 4);
    ck_assert_str_eq(buf, "    ");
}
END_TEST

START_TEST(string_without_end)
{
    /* A precision bounds the read too: there is no NUL in this array. */
    char raw[3] = { 'x', 'y', 'z' }, buf[8];
    char *volatile none = NULL; /* hidden from the compiler's own check of formats */

    ck_assert_uint_eq(format_to(buf, sizeof(buf), "%.*s", 3, raw), 3);
    ck_assert_str_eq(buf, "xyz");
    ck_assert_uint_eq(format_to(buf, sizeof(buf), "%s", none), 6);
}
END_TEST

START_TEST(appends)
{
    char buf[16];
    size_t at = 0;

    for (int i = 0; i < 10; i++)
        at += format_to(buf + at, sizeof(buf) - at, "%d,", i * 11);
    ck_assert_uint_eq(at, sizeof(buf) - 1);
    ck_assert_str_eq(buf, "0,11,22,33,44,5");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lib/format");
    TCase *tests = tcase_create("format");

    tcase_add_test(tests, agrees_with_c);
    tcase_add_test(tests, bounded);
    tcase_add_test(tests, string_without_end);
    tcase_add_test(tests, appends);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
