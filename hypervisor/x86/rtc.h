/* SPDX-License-Identifier: MIT */
/* The CMOS clock's registers as a date. */
#ifndef LAMINA_X86_RTC_H
#define LAMINA_X86_RTC_H

#include "lib/types.h"

/* One reading of the clock, as the chip holds it. */
struct rtc_registers {
    uint8_t second, minute, hour, day, month, year;
    uint8_t century;  /* only when has_century */
    uint8_t status_b; /* bit 2: binary, else BCD; bit 1: 24 hours, else 12 with bit 7 for pm */
    bool has_century;
};

/* Seconds since 1970 in UTC; 0 when it is no date. Without century, years 70 to 99 are 19xx. */
uint64_t rtc_decode(const struct rtc_registers *r);
/* Seconds from 1970 to midnight of a day of the Gregorian calendar, year 1970 or later. */
uint64_t rtc_day_seconds(unsigned year, unsigned month, unsigned day);

#endif
