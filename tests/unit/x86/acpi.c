/* SPDX-License-Identifier: MIT */
/*
 * x86/acpi.c over a small pretended memory: what each table gives, and that broken tables give
 * nothing. Every map() request is copied to memory of exactly its size, so that the sanitizers see
 * any read beyond it.
 */
#include "../suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "x86/acpi.h"

#define MEMORY 0x100000
#define RSDP   0xf1230
#define ROOT   0x10000
#define MADT   0x20000
#define FADT   0x30000
#define DSDT   0x40000
#define HPET   0x50000
#define MCFG   0x60000

static uint8_t memory[MEMORY];
static void *handed_out[200000];
static unsigned nr_handed_out;

static const void *map(maddr_t addr, size_t bytes)
{
    void *copy;

    if (addr > MEMORY || bytes > MEMORY - addr)
        return NULL;
    ck_assert_uint_lt(nr_handed_out, ARRAY_SIZE(handed_out));
    copy = malloc(bytes);
    ck_assert_ptr_nonnull(copy);
    handed_out[nr_handed_out++] = copy;
    return memcpy(copy, memory + addr, bytes);
}

static void put(uint32_t at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        memory[at + i] = (uint8_t)(value >> (8 * i));
}

static void seal(uint32_t at, uint32_t bytes, uint32_t checksum_at)
{
    uint8_t sum = 0;

    memory[at + checksum_at] = 0;
    for (uint32_t i = 0; i < bytes; i++)
        sum = (uint8_t)(sum + memory[at + i]);
    memory[at + checksum_at] = (uint8_t)-sum;
}

static void table(uint32_t at, const char *signature, uint32_t bytes, uint8_t revision)
{
    memcpy(memory + at, signature, 4);
    put(at + 4, bytes, 4);
    memory[at + 8] = revision;
    seal(at, bytes, 9);
}

static void reseal(uint32_t at)
{
    uint32_t bytes;

    memcpy(&bytes, memory + at + 4, 4);
    seal(at, bytes, 9);
}

static const uint8_t madt_entries[] = {
    0,    8,  0, 0,  1,    0,    0,    0,                               /* CPU, APIC 0 */
    0,    8,  1, 4,  1,    0,    0,    0,                               /* APIC 4 */
    0,    8,  2, 6,  0,    0,    0,    0,                               /* disabled */
    9,    16, 0, 0,  0x34, 0x12, 0,    0,    1,    0, 0, 0, 3, 0, 0, 0, /* x2APIC 0x1234 */
    9,    16, 0, 0,  4,    0,    0,    0,    1,    0, 0, 0, 1, 0, 0, 0, /* APIC 4 again */
    1,    12, 2, 0,  0,    0,    0xc0, 0xfe, 0,    0, 0, 0,             /* I/O APIC, from 0 */
    1,    12, 3, 0,  0,    0x10, 0xc0, 0xfe, 24,   0, 0, 0,             /* from 24 */
    2,    10, 0, 0,  2,    0,    0,    0,    0,    0,                   /* ISA 0 is 2 */
    2,    10, 0, 9,  9,    0,    0,    0,    0x0d, 0,                   /* 9 level, high */
    2,    10, 0, 11, 20,   0,    0,    0,    0x0f, 0,                   /* 11 is 20, level, low */
    2,    10, 0, 99, 1,    0,    0,    0,    0,    0,                   /* no ISA interrupt */
    5,    12, 0, 0,  0,    0,    0,    0xfe, 1,    0, 0, 0,             /* local APIC elsewhere */
    0x7f, 3,  0,                                                        /* unknown */
};

static void machine_build(void)
{
    memset(memory, 0, sizeof(memory));
    nr_handed_out = 0;

    memcpy(memory + MADT + 44, madt_entries, sizeof(madt_entries));
    put(MADT + 36, 0xfee00000, 4);
    put(MADT + 40, 1, 4);
    table(MADT, "APIC", 44 + sizeof(madt_entries), 4);

    memcpy(memory + DSDT + 50, "\x08_S5_\x12\x06\x04\x0a\x05\x0a\x07\x00\x00", 14);
    table(DSDT, "DSDT", 100, 1);

    put(FADT + 40, DSDT, 4);
    put(FADT + 46, 9, 2);
    put(FADT + 56, 0x600, 4);
    put(FADT + 64, 0x604, 4);
    put(FADT + 76, 0x608, 4);
    memory[FADT + 108] = 0x32;
    put(FADT + 109, 2, 2);
    put(FADT + 112, 1u << 10 | 1u << 8, 4);
    memory[FADT + 116] = 1; /* reset register: port 0xcf9 */
    put(FADT + 120, 0xcf9, 8);
    memory[FADT + 128] = 0x0f;
    memory[FADT + 172] = 1; /* extended PM1a control: another port */
    put(FADT + 176, 0x1604, 8);
    table(FADT, "FACP", 244, 3);

    put(HPET + 44, 0xfed00000, 8);
    table(HPET, "HPET", 56, 1);

    put(MCFG + 44, 0xb0000000, 8);
    memory[MCFG + 55] = 0xff;
    put(MCFG + 60, 0xc0000000, 8);
    put(MCFG + 68, 1, 2);
    memory[MCFG + 70] = 5; /* buses 5 to 4: nonsense */
    memory[MCFG + 71] = 4;
    table(MCFG, "MCFG", 76, 1);
}

static const uint32_t tables[] = { MADT, FADT, HPET, MCFG };

static void root_build(unsigned width)
{
    uint32_t bytes = 36 + (uint32_t)ARRAY_SIZE(tables) * width;

    for (unsigned i = 0; i < ARRAY_SIZE(tables); i++)
        put(ROOT + 36 + i * width, tables[i], width);
    table(ROOT, width == 8 ? "XSDT" : "RSDT", bytes, 1);
    memcpy(memory + RSDP, "RSD PTR ", 8);
    memory[RSDP + 15] = width == 8 ? 2 : 0;
    put(RSDP + 16, width == 8 ? 0 : ROOT, 4);
    put(RSDP + 20, 36, 4);
    put(RSDP + 24, width == 8 ? ROOT : 0, 8);
    seal(RSDP, 20, 8);
    seal(RSDP, 36, 32);
}

static void parse(struct acpi_info *info, maddr_t hint)
{
    memset(info, 0xa5, sizeof(*info));
    acpi_parse(info, hint, map);
    while (nr_handed_out > 0)
        free(handed_out[--nr_handed_out]);
}

static void check_whole(const struct acpi_info *info)
{
    ck_assert_uint_eq(info->rsdp, RSDP);
    ck_assert_uint_eq(info->lapic, UINT64_C(0x1fe000000));
    ck_assert(info->has_pic && info->has_8042);
    ck_assert_uint_eq(info->nr_cpus, 3);
    ck_assert_uint_eq(info->cpu[1], 4);
    ck_assert_uint_eq(info->cpu[2], 0x1234);
    ck_assert_uint_eq(info->nr_ioapics, 2);
    ck_assert_uint_eq(info->ioapic[1].addr, 0xfec01000);
    ck_assert_uint_eq(info->ioapic[1].gsi_base, 24);
    ck_assert_uint_eq(info->isa[0].gsi, 2);
    ck_assert_uint_eq(info->isa[4].gsi, 4);
    ck_assert(!info->isa[4].level && !info->isa[4].low);
    ck_assert(info->isa[9].level && !info->isa[9].low);
    ck_assert(info->isa[11].gsi == 20 && info->isa[11].level && info->isa[11].low);
    ck_assert_uint_eq(info->sci, 9);
    ck_assert_uint_eq(info->century, 0x32);
    ck_assert(info->pm_timer.present && info->pm_timer_32);
    ck_assert_uint_eq(info->pm_timer.addr, 0x608);
    ck_assert_uint_eq(info->pm1a_event.addr, 0x600);
    ck_assert_uint_eq(info->pm1a_control.addr, 0x1604);
    ck_assert(!info->pm1b_control.present);
    ck_assert(info->reset.present && info->reset.space == ACPI_IO);
    ck_assert_uint_eq(info->reset.addr, 0xcf9);
    ck_assert_uint_eq(info->reset_value, 0x0f);
    ck_assert(info->has_s5);
    ck_assert_uint_eq(info->s5_a, 5);
    ck_assert_uint_eq(info->s5_b, 7);
    ck_assert_uint_eq(info->hpet, 0xfed00000);
    ck_assert_uint_eq(info->nr_mcfg, 1);
    ck_assert_uint_eq(info->mcfg[0].last_bus, 255);
}

static void check_defaults(const struct acpi_info *info)
{
    ck_assert_uint_eq(info->lapic, 0xfee00000);
    ck_assert_uint_eq(info->nr_cpus, 0);
    ck_assert_uint_eq(info->nr_ioapics, 1);
    ck_assert_uint_eq(info->ioapic[0].addr, 0xfec00000);
    ck_assert_uint_eq(info->isa[15].gsi, 15);
    ck_assert(info->has_8042 && !info->reset.present && !info->pm_timer.present);
}

START_TEST(both_roots)
{
    struct acpi_info info;

    for (unsigned width = 4; width <= 8; width += 4) {
        machine_build();
        root_build(width);
        parse(&info, 0);
        check_whole(&info);
    }
}
END_TEST

START_TEST(root_pointer_by_hint_and_in_the_ebda)
{
    struct acpi_info info;

    machine_build();
    root_build(8);
    memmove(memory + 0x50800, memory + RSDP, 36);
    memset(memory + RSDP, 0, 36);
    parse(&info, 0x50800);
    ck_assert_uint_eq(info.rsdp, 0x50800);
    ck_assert_uint_eq(info.nr_cpus, 3);
    parse(&info, 0);
    ck_assert_uint_eq(info.rsdp, 0);
    check_defaults(&info);

    put(0x40e, 0x9fc0, 2);
    memcpy(memory + 0x9fc20, memory + 0x50800, 36);
    parse(&info, 0x12345); /* a bad hint */
    ck_assert_uint_eq(info.rsdp, 0x9fc20);
    ck_assert_uint_eq(info.nr_cpus, 3);
}
END_TEST

START_TEST(bad_checksums_hide_a_table)
{
    struct acpi_info info;

    machine_build();
    root_build(8);
    memory[MADT + 60] ^= 1;
    parse(&info, 0);
    ck_assert_uint_eq(info.nr_cpus, 0);
    ck_assert_uint_eq(info.nr_ioapics, 1);
    ck_assert_uint_eq(info.hpet, 0xfed00000);

    memory[ROOT + 40] ^= 1;
    parse(&info, 0);
    ck_assert_uint_eq(info.rsdp, RSDP);
    check_defaults(&info);

    memory[RSDP + 9] ^= 1;
    parse(&info, 0);
    ck_assert_uint_eq(info.rsdp, 0);
    check_defaults(&info);
}
END_TEST

START_TEST(short_fadt_is_an_old_one)
{
    struct acpi_info info;

    machine_build();
    root_build(4);
    put(FADT + 112, 0, 4);
    table(FADT, "FACP", 116, 1);
    parse(&info, 0);
    ck_assert(info.has_8042 && !info.reset.present && !info.pm_timer_32);
    ck_assert_uint_eq(info.pm1a_control.addr, 0x604);
    ck_assert(info.has_s5);
}
END_TEST

START_TEST(broken_madt_entries)
{
    struct acpi_info info;

    machine_build();
    root_build(8);
    memory[MADT + 44 + 8 + 1] = 0; /* the second entry has no length: the list ends */
    reseal(MADT);
    parse(&info, 0);
    ck_assert_uint_eq(info.nr_cpus, 1);

    machine_build();
    root_build(8);
    memory[MADT + 44 + 8 + 1] = 0xff; /* ... or goes beyond the table */
    reseal(MADT);
    parse(&info, 0);
    ck_assert_uint_eq(info.nr_cpus, 1);
}
END_TEST

/* Any length of any table: nothing is read outside, which map() and the sanitizers see to. */
START_TEST(every_length)
{
    static const uint32_t all[] = { ROOT, MADT, FADT, DSDT, HPET, MCFG };
    struct acpi_info info;

    for (unsigned t = 0; t < ARRAY_SIZE(all); t++) {
        for (uint32_t bytes = 0; bytes < 260; bytes++) {
            machine_build();
            root_build(8);
            put(all[t] + 4, bytes, 4);
            seal(all[t], MAX(bytes, 36), 9);
            parse(&info, RSDP);
            ck_assert_uint_le(info.nr_cpus, 3);
            ck_assert_uint_le(info.nr_mcfg, ACPI_MCFG_MAX);
        }
    }
    machine_build();
    root_build(8);
    put(MADT + 4, UINT32_MAX, 4);
    parse(&info, RSDP);
    ck_assert_uint_eq(info.nr_cpus, 0);
}
END_TEST

START_TEST(more_than_we_keep)
{
    struct acpi_info info;
    uint32_t at = MADT + 44;

    machine_build();
    root_build(8);
    for (unsigned i = 0; i < 200; i++, at += 16) {
        memcpy(memory + at, "\x09\x10\0\0", 4);
        put(at + 4, i, 4);
        put(at + 8, 1, 4);
    }
    for (unsigned i = 0; i < 40; i++, at += 12) {
        memcpy(memory + at, "\x01\x0c\0\0", 4);
        put(at + 4, 0xfec00000 + i * 4096, 4);
        put(at + 8, i * 24, 4);
    }
    table(MADT, "APIC", at - MADT, 4);
    parse(&info, 0);
    ck_assert_uint_eq(info.nr_cpus, CPUS_MAX);
    ck_assert_uint_eq(info.nr_ioapics, ACPI_IOAPICS_MAX);
}
END_TEST

START_TEST(sleep_type_forms)
{
    struct acpi_info info;

    machine_build();
    root_build(8);
    memset(memory + DSDT + 50, 0, 20);
    /* A name that is no package, then one with a two-byte length; One, Zero. */
    memcpy(memory + DSDT + 50, "_S5_ _S5_\x12\x45\x00\x02\x01\x00", 15);
    reseal(DSDT);
    parse(&info, 0);
    ck_assert(info.has_s5);
    ck_assert_uint_eq(info.s5_a, 1);
    ck_assert_uint_eq(info.s5_b, 0);

    memcpy(memory + DSDT + 59, "\x12\x06\x02\x0b\x05\x00", 6); /* a word constant: not read */
    reseal(DSDT);
    parse(&info, 0);
    ck_assert(!info.has_s5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("x86/acpi");
    TCase *tests = tcase_create("acpi");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, both_roots);
    tcase_add_test(tests, root_pointer_by_hint_and_in_the_ebda);
    tcase_add_test(tests, bad_checksums_hide_a_table);
    tcase_add_test(tests, short_fadt_is_an_old_one);
    tcase_add_test(tests, broken_madt_entries);
    tcase_add_test(tests, every_length);
    tcase_add_test(tests, more_than_we_keep);
    tcase_add_test(tests, sleep_type_forms);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
