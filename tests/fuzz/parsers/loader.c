/* SPDX-License-Identifier: MIT */
/*
 * What the boot loader left: structures of both protocols in memory of which only the input exists,
 * the command line, the memory map.
 */
#include "parsers.h"

#include <string.h>

#include "boot/boot.h"
#include "boot/memory_map.h"
#include "boot/multiboot.h"
#include "lib/bits.h"

#define BASE 0x10000u

static struct {
    uint8_t *data;
    size_t n;
} memory;

/* multiboot.c asks for memory here: see boot/multiboot.h. */
static const void *at(maddr_t addr, uint64_t bytes)
{
    if (addr < BASE || addr - BASE > memory.n || bytes > memory.n - (addr - BASE))
        return NULL;
    return memory.data + (addr - BASE);
}

static bool is_text(const char *s, size_t max)
{
    return memchr(s, 0, max) != NULL;
}

void fuzz_multiboot(uint8_t *data, size_t n)
{
    static struct boot_info info;
    const char *why = NULL;
    int rc;

    if (n < 8)
        return;
    memory.data = data;
    memory.n = n;
    memset(&info, 0, sizeof(info));
    rc = data[n - 1] & 1 ? multiboot1_read(BASE, at, &info, &why)
                         : multiboot2_read(BASE, at, &info, &why);
    if (rc) {
        PROMISE(why);
        return;
    }
    PROMISE(info.loader && is_text(info.cmdline, sizeof(info.cmdline)));
    PROMISE(info.nr_ranges <= MEMORY_RANGES_MAX && info.nr_modules <= ARRAY_SIZE(info.module));
    info.nr_ranges = memory_map_sort(info.range, info.nr_ranges, MEMORY_RANGES_MAX);
    PROMISE(info.nr_ranges <= MEMORY_RANGES_MAX);
    for (unsigned i = 0; i < info.nr_ranges; i++) {
        PROMISE(info.range[i].start < info.range[i].end);
        PROMISE(i == 0 || info.range[i - 1].end <= info.range[i].start);
    }
    for (unsigned i = 0; i < info.nr_modules; i++)
        PROMISE(info.module[i].start <= info.module[i].end &&
                is_text(info.module[i].cmdline, sizeof(info.module[i].cmdline)));
}

static void hear(const char *word, const char *what)
{
    PROMISE(strlen(word) <= COMMAND_LINE_MAX && strlen(what) > 0);
}

void fuzz_options(uint8_t *data, size_t n)
{
    static struct boot_options options;
    char line[COMMAND_LINE_MAX];
    size_t length = MIN(n, sizeof(line) - 1);

    memcpy(line, data, length);
    line[length] = 0;
    boot_options_parse(line, &options, hear);
}

/* Carving leaves what was there but for the hole: sorted, apart, nothing of the hole in it. */
void fuzz_ranges(uint8_t *data, size_t n)
{
    static struct memory_range range[64];
    maddr_t start, end;
    unsigned nr = 0;

    if (n < 16)
        return;
    memcpy(&start, data, 8);
    memcpy(&end, data + 8, 8);
    start %= UINT64_C(1) << 20;
    end = start + end % (UINT64_C(1) << 20);
    for (size_t i = 16; i + 4 <= n && nr < 32; i += 4) {
        maddr_t from = (nr ? range[nr - 1].end : 0) + data[i] + 256u * data[i + 1];

        range[nr++] = (struct memory_range){ .start = from,
                                             .end = from + 1 + data[i + 2] + 256u * data[i + 3],
                                             .type = 1 };
    }
    nr = memory_map_carve(range, nr, ARRAY_SIZE(range), start, end);
    PROMISE(nr <= 33);
    for (unsigned i = 0; i < nr; i++) {
        PROMISE(range[i].start < range[i].end);
        PROMISE(i == 0 || range[i - 1].end <= range[i].start);
        PROMISE(start == end || range[i].end <= start || range[i].start >= end);
    }
}
