/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0-tools/config/values.c and of what report.c does to hostile text: the edges of each
 * notation, from both sides.
 */
#include "../suite.h"

#include "config/values.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/report.h"

START_TEST(numbers_do_not_wrap)
{
    uint64_t value = 7;

    ck_assert_int_eq(value_read_number("18446744073709551615", UINT64_MAX, &value), 0);
    ck_assert_uint_eq(value, UINT64_MAX);
    value = 7;
    ck_assert_int_eq(value_read_number("18446744073709551616", UINT64_MAX, &value), -EINVAL);
    ck_assert_int_eq(value_read_number("101", 100, &value), -EINVAL);
    ck_assert_int_eq(value_read_number("", 100, &value), -EINVAL);
    ck_assert_int_eq(value_read_number("-1", 100, &value), -EINVAL);
    ck_assert_int_eq(value_read_number("+1", 100, &value), -EINVAL);
    ck_assert_int_eq(value_read_number("1 ", 100, &value), -EINVAL);
    ck_assert_int_eq(value_read_number("0x1", 100, &value), -EINVAL);
    ck_assert_uint_eq(value, 7);
}
END_TEST

START_TEST(signed_numbers)
{
    int64_t value;

    ck_assert_int_eq(value_read_signed("-100", 100, &value), 0);
    ck_assert_int_eq(value, -100);
    ck_assert_int_eq(value_read_signed("+5", 100, &value), 0);
    ck_assert_int_eq(value, 5);
    ck_assert_int_eq(value_read_signed("-101", 100, &value), -EINVAL);
    ck_assert_int_eq(value_read_signed("--1", 100, &value), -EINVAL);
}
END_TEST

START_TEST(memory_units)
{
    static const struct {
        const char *text, *unit;
        uint64_t kib;
    } good[] = {
        { "8", NULL, 8 },      { "1", "b", 1 },          { "1024", "bytes", 1 },
        { "1025", "b", 2 },    { "1", "KB", 1 },         { "1024", "KB", 1000 },
        { "3", "k", 3 },       { "2", "MiB", 2048 },     { "2", "M", 2048 },
        { "1", "MB", 977 },    { "1", "gib", 1 << 20 },  { "1", "GB", 976563 },
        { "1", "T", 1 << 30 }, { "1", "TB", 976562500 },
    };
    uint64_t kib;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_int_eq(value_read_kib(good[i].text, good[i].unit, &kib), 0);
        ck_assert_uint_eq(kib, good[i].kib);
    }
    ck_assert_int_eq(value_read_kib("1", "", &kib), -EINVAL);
    ck_assert_int_eq(value_read_kib("1", "KiBB", &kib), -EINVAL);
    ck_assert_int_eq(value_read_kib("16777216", "TiB", &kib), -EINVAL);
    ck_assert_int_eq(value_read_kib("1.5", "GiB", &kib), -EINVAL);
}
END_TEST

START_TEST(cpusets)
{
    static const struct {
        const char *text;
        uint64_t cpus;
        const char *normal;
    } good[] = {
        { "0", 1, "0" },
        { "63", (uint64_t)1 << 63, "63" },
        { "0-63", UINT64_MAX, "0-63" },
        { "0-3,^2,8", 0x10b, "0-1,3,8" },
        { "5,4, 6", 0x70, "4-6" },
        { "^1,1", 2, "1" },
    };
    static const char *const bad[] = { "",     "64",   "1-",   "-1",
                                       "3-2",  "1,",   ",1",   "^",
                                       "^1-2", "0,^0", "a",    "1;2",
                                       "1--2", " 1",   "0-3x", "99999999999999999999",
                                       "^0" };
    char text[VALUE_CPUSET_SIZE];
    uint64_t cpus = 42;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(value_read_cpuset(bad[i], &cpus) == -EINVAL, "'%s' was taken", bad[i]);
    ck_assert_uint_eq(cpus, 42);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_int_eq(value_read_cpuset(good[i].text, &cpus), 0);
        ck_assert_uint_eq(cpus, good[i].cpus);
        value_write_cpuset(cpus, text);
        ck_assert_str_eq(text, good[i].normal);
    }
}
END_TEST

/* The longest texts fit, and every set survives being written and read. */
START_TEST(cpusets_survive)
{
    uint64_t sets[67] = { 0x5555555555555555, 0xb6db6db6db6db6db, 0xaaaaaaaaaaaaaaaa };
    char text[VALUE_CPUSET_SIZE];
    uint64_t cpus;

    for (unsigned i = 0; i < 64; i++)
        sets[3 + i] = 0x9e3779b97f4a7c15 * (i + 1);
    for (size_t i = 0; i < 67; i++) {
        value_write_cpuset(sets[i], text);
        ck_assert_uint_lt(strlen(text), VALUE_CPUSET_SIZE - 1);
        ck_assert_int_eq(value_read_cpuset(text, &cpus), 0);
        ck_assert_uint_eq(cpus, sets[i]);
    }
}
END_TEST

START_TEST(uuids)
{
    static const char *const bad[] = { "",
                                       "0",
                                       "-0011223344556677889900112233445566",
                                       "00112233-4455-6677-8899-aabbccddeef",
                                       "00112233-4455-6677-8899-aabbccddeefg",
                                       "00112233-4455-6677-8899-aabbccddeeff0",
                                       "00112233--4455-6677-8899-aabbccddeeff" };
    uint8_t a[16], b[16];

    ck_assert_int_eq(value_read_uuid("00112233-4455-6677-8899-aAbBcCdDeEfF", a), 0);
    ck_assert_int_eq(value_read_uuid("00112233445566778899aabbccddeeff", b), 0);
    ck_assert_mem_eq(a, b, 16);
    ck_assert_uint_eq(a[15], 0xff);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_int_eq(value_read_uuid(bad[i], a), -EINVAL);
}
END_TEST

START_TEST(macs)
{
    static const char *const bad[] = { "",
                                       "00:16:3e:00:00",
                                       "00:16:3e:00:00:0",
                                       "00:16:3e:00:00:00:00",
                                       "00-16-3e-00-00-00",
                                       "ff:ff:ff:ff:ff:ff",
                                       "0:16:3e:00:00:00" };
    uint8_t mac[6];

    ck_assert_int_eq(value_read_mac("00:16:3E:0a:Ff:01", mac), 0);
    ck_assert_mem_eq(mac, "\x00\x16\x3e\x0a\xff\x01", 6);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_int_eq(value_read_mac(bad[i], mac), -EINVAL);
}
END_TEST

/* Text of the file reaches a terminal: no escape sequence of it may. */
START_TEST(quotes_are_harmless)
{
    ck_assert_str_eq(config_quote("a\x1b[2Jb\x7f"), "'a?[2Jb?'");
    ck_assert_str_eq(config_quote("\xc2\x9b"
                                  "2J"),
                     "'??2J'");
    ck_assert_str_eq(config_quote("gr\xc3\xbc\xc3\x9f"), "'gr\xc3\xbc\xc3\x9f'");
    ck_assert_str_eq(config_quote(" \n x \n"), "'x'");
    ck_assert_str_eq(config_quote("123456789 123456789 123456789 123456789 1234567\xc3\xbc!"),
                     "'123456789 123456789 123456789 123456789 1234567...'");
}
END_TEST

START_TEST(report_is_bounded)
{
    static struct config_report report;
    char *text = NULL;
    size_t size;

    for (unsigned i = 0; i < CONFIG_MESSAGES_MAX + 5; i++)
        config_report_add(&report, CONFIG_WARNING, 1, "element", "number %u", i);
    ck_assert_uint_eq(report.nr_messages, CONFIG_MESSAGES_MAX);
    ck_assert_uint_eq(report.nr_warnings, CONFIG_MESSAGES_MAX + 5);
    ck_assert_uint_eq(report.nr_lost, 5);
    FILE *stream = open_memstream(&text, &size);
    config_report_print(&report, "f", stream);
    fclose(stream);
    ck_assert_ptr_nonnull(strstr(text, "f: 5 more not shown\n"));
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("values");
    TCase *tests = tcase_create("values");

    tcase_add_test(tests, numbers_do_not_wrap);
    tcase_add_test(tests, signed_numbers);
    tcase_add_test(tests, memory_units);
    tcase_add_test(tests, cpusets);
    tcase_add_test(tests, cpusets_survive);
    tcase_add_test(tests, uuids);
    tcase_add_test(tests, macs);
    tcase_add_test(tests, quotes_are_harmless);
    tcase_add_test(tests, report_is_bounded);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
