/* SPDX-License-Identifier: MIT */
/*
 * ACPI tables. Checksums are made right before the parser looks, as a fuzzer would not find them:
 * what is searched is behind them.
 */
#include "parsers.h"

#include <string.h>

#include "x86/acpi.h"

#define BASE 0x20000u

static struct {
    uint8_t *data;
    size_t n;
} memory;

static const void *at(maddr_t addr, size_t bytes)
{
    if (addr < BASE || addr - BASE > memory.n || bytes > memory.n - (addr - BASE))
        return NULL;
    return memory.data + (addr - BASE);
}

static void checksum(uint8_t *table, size_t bytes, size_t where)
{
    uint8_t sum = 0;

    table[where] = 0;
    for (size_t i = 0; i < bytes; i++)
        sum = (uint8_t)(sum + table[i]);
    table[where] = (uint8_t)-sum;
}

static void repair(uint8_t *data, size_t n)
{
    if (n >= 20)
        checksum(data, 20, 8);
    if (n >= 36)
        checksum(data, 36, 32);
    for (size_t i = 36; i + 36 <= n; i += 4) {
        static const char known[][5] = { "RSDT", "XSDT", "APIC", "FACP", "MCFG", "HPET" };
        uint32_t length;

        memcpy(&length, data + i + 4, 4);
        for (unsigned k = 0; k < ARRAY_SIZE(known); k++)
            if (!memcmp(data + i, known[k], 4) && length >= 36 && length <= n - i)
                checksum(data + i, length, 9);
    }
}

void fuzz_acpi(uint8_t *data, size_t n)
{
    static struct acpi_info info;

    memory.data = data;
    memory.n = n;
    if (n && data[n - 1] != 0xff)
        repair(data, n);
    memset(&info, 0, sizeof(info));
    acpi_parse(&info, BASE, at);
    PROMISE(info.nr_ioapics <= ACPI_IOAPICS_MAX);
}
