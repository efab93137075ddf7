/* SPDX-License-Identifier: MIT */
/* x86/rtc.c: every coding of a date, against the C library's calendar; and what is no date. */
#include "../suite.h"

#include <check.h>
#include <stdlib.h>
#include <time.h>

#include "x86/rtc.h"

#define B_24H    2
#define B_BINARY 4

static uint8_t bcd(int value)
{
    return (uint8_t)(value / 10 << 4 | value % 10);
}

static uint8_t coded(int value, bool binary)
{
    return binary ? (uint8_t)value : bcd(value);
}

static uint8_t hour_12(int hour, bool binary)
{
    int h = hour % 12 == 0 ? 12 : hour % 12;

    return (uint8_t)((binary ? h : bcd(h)) | (hour >= 12 ? 0x80 : 0));
}

/* What the chip would hold at `t`. */
static struct rtc_registers chip_at(time_t t, uint8_t status_b)
{
    bool binary = status_b & B_BINARY;
    struct tm tm;
    int year;

    gmtime_r(&t, &tm);
    year = tm.tm_year + 1900;
    return (struct rtc_registers){
        .second = coded(tm.tm_sec, binary),
        .minute = coded(tm.tm_min, binary),
        .hour = status_b & B_24H ? coded(tm.tm_hour, binary) : hour_12(tm.tm_hour, binary),
        .day = coded(tm.tm_mday, binary),
        .month = coded(tm.tm_mon + 1, binary),
        .year = coded(year % 100, binary),
        .century = coded(year / 100, binary),
        .status_b = status_b,
        .has_century = true,
    };
}

START_TEST(every_coding_of_many_dates)
{
    /* Steps that are no multiple of a day meet every hour, each month's ends and leap days. */
    for (time_t t = 0; t < (time_t)7000000000; t += 40009) {
        for (uint8_t b = 0; b <= (B_24H | B_BINARY); b = (uint8_t)(b + 2)) {
            struct rtc_registers r = chip_at(t, b);

            ck_assert_uint_eq(rtc_decode(&r), (uint64_t)t);
        }
    }
}
END_TEST

START_TEST(century_missing_or_unset)
{
    struct rtc_registers r = chip_at(1700000000, B_24H);

    r.has_century = false;
    ck_assert_uint_eq(rtc_decode(&r), 1700000000);
    r.has_century = true;
    r.century = 0;
    ck_assert_uint_eq(rtc_decode(&r), 1700000000);
    r = chip_at(900000000, B_24H);
    r.has_century = false;
    ck_assert_uint_eq(rtc_decode(&r), 900000000);
    r = chip_at(1700000000, B_24H | B_BINARY);
    r.century = 0x20; /* BCD in a binary chip */
    ck_assert_uint_eq(rtc_decode(&r), 1700000000);
}
END_TEST

START_TEST(no_date_is_zero)
{
    static const struct {
        size_t offset;
        uint8_t value;
    } bad[] = {
        { offsetof(struct rtc_registers, second), 0x60 },
        { offsetof(struct rtc_registers, second), 0x0a },
        { offsetof(struct rtc_registers, minute), 0xff },
        { offsetof(struct rtc_registers, hour), 0x24 },
        { offsetof(struct rtc_registers, day), 0 },
        { offsetof(struct rtc_registers, day), 0x32 },
        { offsetof(struct rtc_registers, month), 0 },
        { offsetof(struct rtc_registers, month), 0x13 },
        { offsetof(struct rtc_registers, year), 0xa0 },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        struct rtc_registers r = chip_at(1700000000, B_24H);

        ((uint8_t *)&r)[bad[i].offset] = bad[i].value;
        ck_assert_msg(rtc_decode(&r) == 0, "case %u", i);
    }
}
END_TEST

START_TEST(no_time_of_a_12_hour_clock)
{
    struct rtc_registers r = chip_at(1700000000, 0);

    r.hour = 0;
    ck_assert_uint_eq(rtc_decode(&r), 0);
    r.hour = 0x13;
    ck_assert_uint_eq(rtc_decode(&r), 0);
    r.hour = 0x80 | 0x13;
    ck_assert_uint_eq(rtc_decode(&r), 0);
}
END_TEST

START_TEST(leap_days)
{
    struct rtc_registers r = chip_at(951782400, B_24H); /* 2000-02-29 */

    ck_assert_uint_eq(rtc_decode(&r), 951782400);
    r.year = 0x01; /* 2001-02-29 */
    ck_assert_uint_eq(rtc_decode(&r), 0);
    r.year = 0;
    r.century = 0x21; /* 2100-02-29 */
    ck_assert_uint_eq(rtc_decode(&r), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("x86/rtc");
    TCase *tests = tcase_create("rtc");

    tcase_add_test(tests, every_coding_of_many_dates);
    tcase_add_test(tests, century_missing_or_unset);
    tcase_add_test(tests, no_date_is_zero);
    tcase_add_test(tests, no_time_of_a_12_hour_clock);
    tcase_add_test(tests, leap_days);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
