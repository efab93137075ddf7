/* SPDX-License-Identifier: MIT */
/*
 * The date that an MC146818-compatible clock holds. Only arithmetic: rtc_read.c talks to the chip.
 */
#include "x86/rtc.h"

#define STATUS_B_24H    0x02
#define STATUS_B_BINARY 0x04
#define HOUR_PM         0x80

#define YEAR_MIN 1970
#define YEAR_MAX 2199

static bool year_is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned month_days(unsigned year, unsigned month)
{
    static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    return days[month - 1] + (month == 2 && year_is_leap(year));
}

uint64_t rtc_day_seconds(unsigned year, unsigned month, unsigned day)
{
    unsigned before = year - 1;
    /* Leap days of all years before this one, less those before 1970. */
    uint64_t days = (uint64_t)(year - 1970) * 365 + (before / 4 - before / 100 + before / 400) -
                    (1969 / 4 - 1969 / 100 + 1969 / 400);

    for (unsigned m = 1; m < month; m++)
        days += month_days(year, m);
    return (days + day - 1) * 86400;
}

/* A field in either coding; BCD digits above 9 give a value that no check lets pass. */
static unsigned field(uint8_t value, bool binary)
{
    if (binary)
        return value;
    if ((value & 0x0f) > 9 || value >> 4 > 9)
        return 0xff;
    return (unsigned)(value >> 4) * 10 + (value & 0x0f);
}

static unsigned hour_decode(uint8_t value, uint8_t status_b)
{
    bool binary = status_b & STATUS_B_BINARY;
    unsigned hour;

    if (status_b & STATUS_B_24H)
        return field(value, binary);
    hour = field((uint8_t)(value & ~HOUR_PM), binary);
    if (hour < 1 || hour > 12)
        return 0xff;
    return hour % 12 + (value & HOUR_PM ? 12 : 0);
}

static unsigned year_decode(const struct rtc_registers *r)
{
    bool binary = r->status_b & STATUS_B_BINARY;
    unsigned year = field(r->year, binary), century = field(r->century, binary);

    if (year > 99)
        return 0;
    /* Some chips keep the century in BCD whatever the mode, and some firmware never sets it. */
    if (r->has_century && binary && century > 21)
        century = field(r->century, false);
    if (r->has_century && century >= 19 && century <= 21)
        return century * 100 + year;
    return year >= 70 ? 1900 + year : 2000 + year;
}

uint64_t rtc_decode(const struct rtc_registers *r)
{
    bool binary = r->status_b & STATUS_B_BINARY;
    unsigned year = year_decode(r), month = field(r->month, binary), day = field(r->day, binary);
    unsigned hour = hour_decode(r->hour, r->status_b);
    unsigned minute = field(r->minute, binary), second = field(r->second, binary);

    if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1 ||
        day > month_days(year, month))
        return 0;
    if (hour > 23 || minute > 59 || second > 59)
        return 0;
    return rtc_day_seconds(year, month, day) + hour * 3600 + minute * 60 + second;
}
