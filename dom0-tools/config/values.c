/* SPDX-License-Identifier: MIT */
/*
 * Values: numbers, sizes, processor sets, uuids and addresses as domain XML writes them. No value
 * wraps: a number that does not fit is refused.
 */
#include "config/values.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "config/domain_config.h"

#define CPUS_MAX 64u

/* Reads the digits at *text and moves it behind them. */
static int take_number(const char **text, uint64_t max, uint64_t *value)
{
    const char *p = *text;
    uint64_t number = 0;

    if (!isdigit((unsigned char)*p))
        return -EINVAL;
    for (; isdigit((unsigned char)*p); p++) {
        if (__builtin_mul_overflow(number, 10u, &number) ||
            __builtin_add_overflow(number, (uint64_t)(*p - '0'), &number) || number > max)
            return -EINVAL;
    }
    *text = p;
    *value = number;
    return 0;
}

static bool has_control_character(const char *text)
{
    for (; *text != '\0'; text++) {
        if (iscntrl((unsigned char)*text))
            return true;
    }
    return false;
}

bool value_is_name(const char *text)
{
    return text[0] != '\0' && text[0] != '.' && text[0] != '-' && strlen(text) <= CONFIG_NAME_MAX &&
           text[strspn(text, "0123456789")] != '\0' && !strchr(text, '/') &&
           !has_control_character(text);
}

int value_read_number(const char *text, uint64_t max, uint64_t *value)
{
    uint64_t number;

    if (take_number(&text, max, &number) != 0 || *text != '\0')
        return -EINVAL;
    *value = number;
    return 0;
}

int value_read_signed(const char *text, uint64_t max, int64_t *value)
{
    bool negative = *text == '-';
    uint64_t number;

    if (*text == '-' || *text == '+')
        text++;
    if (max > INT64_MAX || value_read_number(text, max, &number) != 0)
        return -EINVAL;
    *value = negative ? -(int64_t)number : (int64_t)number;
    return 0;
}

struct unit {
    const char *name;
    uint64_t bytes;
};

static const struct unit units[] = {
    { "b", 1 },
    { "byte", 1 },
    { "bytes", 1 },
    { "k", (uint64_t)1 << 10 },
    { "KiB", (uint64_t)1 << 10 },
    { "KB", 1000 },
    { "M", (uint64_t)1 << 20 },
    { "MiB", (uint64_t)1 << 20 },
    { "MB", 1000000 },
    { "G", (uint64_t)1 << 30 },
    { "GiB", (uint64_t)1 << 30 },
    { "GB", 1000000000 },
    { "T", (uint64_t)1 << 40 },
    { "TiB", (uint64_t)1 << 40 },
    { "TB", 1000000000000 },
};

/* As libvirt, letters count alike in either case. */
int value_read_bytes(const char *text, const char *unit, uint64_t *bytes)
{
    uint64_t number, size;

    if (value_read_number(text, UINT64_MAX, &number) != 0)
        return -EINVAL;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcasecmp(unit ? unit : "b", units[i].name) != 0)
            continue;
        if (__builtin_mul_overflow(number, units[i].bytes, &size))
            return -EINVAL;
        *bytes = size;
        return 0;
    }
    return -EINVAL;
}

int value_read_kib(const char *text, const char *unit, uint64_t *kib)
{
    uint64_t bytes;

    if (value_read_bytes(text, unit ? unit : "KiB", &bytes) != 0)
        return -EINVAL;
    *kib = bytes / 1024 + (bytes % 1024 != 0);
    return 0;
}

/* The set of the processors first..last, both below 64. */
static uint64_t cpu_range(uint64_t first, uint64_t last)
{
    return (UINT64_MAX >> (63 - last)) & (UINT64_MAX << first);
}

/* The parts hold from left to right; each turn consumes a digit at least. */
int value_read_cpuset(const char *text, uint64_t *cpus)
{
    uint64_t set = 0;

    for (;;) {
        uint64_t first, last;
        bool without = *text == '^';

        text += without;
        if (take_number(&text, CPUS_MAX - 1, &first) != 0)
            return -EINVAL;
        last = first;
        if (*text == '-' && !without) {
            text++;
            if (take_number(&text, CPUS_MAX - 1, &last) != 0 || last < first)
                return -EINVAL;
        }
        if (without)
            set &= ~cpu_range(first, last);
        else
            set |= cpu_range(first, last);
        if (*text == '\0')
            break;
        if (*text++ != ',')
            return -EINVAL;
        while (*text == ' ')
            text++;
    }
    if (set == 0)
        return -EINVAL;
    *cpus = set;
    return 0;
}

void value_write_cpuset(uint64_t cpus, char text[VALUE_CPUSET_SIZE])
{
    int length = 0;

    text[0] = '\0';
    for (unsigned cpu = 0; cpu < CPUS_MAX; cpu++) {
        unsigned last = cpu;

        if (!(cpus >> cpu & 1))
            continue;
        while (last + 1 < CPUS_MAX && (cpus >> (last + 1) & 1))
            last++;
        size_t room = VALUE_CPUSET_SIZE - (size_t)length;
        const char *comma = length > 0 ? "," : "";
        if (last > cpu)
            length += snprintf(text + length, room, "%s%u-%u", comma, cpu, last);
        else
            length += snprintf(text + length, room, "%s%u", comma, cpu);
        cpu = last;
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads two digits to a byte; the second is not looked at when the first is none (or the end). */
static int take_hex_byte(const char **text, uint8_t *byte)
{
    int high = hex_digit((*text)[0]);
    int low = high < 0 ? -1 : hex_digit((*text)[1]);

    if (low < 0)
        return -EINVAL;
    *byte = (uint8_t)(high << 4 | low);
    *text += 2;
    return 0;
}

int value_read_uuid(const char *text, uint8_t uuid[16])
{
    uint8_t bytes[16];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (i > 0 && *text == '-')
            text++;
        if (take_hex_byte(&text, &bytes[i]) != 0)
            return -EINVAL;
    }
    if (*text != '\0')
        return -EINVAL;
    memcpy(uuid, bytes, sizeof(bytes));
    return 0;
}

int value_read_mac(const char *text, uint8_t mac[6])
{
    uint8_t bytes[6];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (i > 0 && *text++ != ':')
            return -EINVAL;
        if (take_hex_byte(&text, &bytes[i]) != 0)
            return -EINVAL;
    }
    if (*text != '\0' || (bytes[0] & 1))
        return -EINVAL;
    memcpy(mac, bytes, sizeof(bytes));
    return 0;
}

int value_find(const char *text, const char *const *names)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(text, names[i]) == 0)
            return i;
    }
    return -1;
}
