/* SPDX-License-Identifier: MIT */
/* boot/multiboot.c: both protocols from a small loader memory, then with any byte of it changed. */
#include "../suite.h"

#include <check.h>
#include <string.h>

#include "boot/multiboot.h"

#define BASE 0x10000u
static uint8_t memory[4096];
static struct boot_info info;

static const void *at(maddr_t addr, uint64_t bytes)
{
    if (addr < BASE || addr - BASE > sizeof(memory) || bytes > sizeof(memory) - (addr - BASE))
        return NULL;
    return memory + (addr - BASE);
}

static void put32(unsigned offset, uint32_t v)
{
    memcpy(memory + offset, &v, sizeof(v));
}
static void put64(unsigned offset, uint64_t v)
{
    memcpy(memory + offset, &v, sizeof(v));
}

static void make_multiboot1(const char *loader)
{
    memset(memory, 0, sizeof(memory));
    memset(&info, 0, sizeof(info));
    put32(0, 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9);
    put32(16, BASE + 0x200);
    put32(20, 2);
    put32(24, BASE + 0x300);
    put32(44, 48);
    put32(48, BASE + 0x400);
    put32(64, BASE + 0x500);
    strcpy((char *)memory + 0x200, "lamina console=com1");
    put32(0x300, BASE + 0x800);
    put32(0x304, BASE + 0x900);
    put32(0x308, BASE + 0x600);
    put32(0x310, BASE + 0xa00);
    put32(0x314, BASE + 0xa01);
    put32(0x318, BASE + 0x640);
    strcpy((char *)memory + 0x600, "vmlinux console=hvc0 quiet");
    strcpy((char *)memory + 0x640, "initrd");
    put32(0x400, 20);
    put64(0x404, 0);
    put64(0x40c, 0x9fc00);
    put32(0x414, 1);
    put32(0x418, 20);
    put64(0x41c, 0x100000);
    put64(0x424, 0x7f00000);
    put32(0x42c, 1);
    strcpy((char *)memory + 0x500, loader);
}

START_TEST(multiboot1)
{
    const char *why = "";

    make_multiboot1("qemu");
    ck_assert_int_eq(multiboot1_read(BASE, at, &info, &why), 0);
    ck_assert_str_eq(info.cmdline, "console=com1"); /* QEMU puts the file name first */
    ck_assert_uint_eq(info.nr_modules, 2);
    ck_assert_str_eq(info.module[0].cmdline, "console=hvc0 quiet");
    ck_assert_uint_eq(info.module[0].end - info.module[0].start, 0x100);
    ck_assert_str_eq(info.module[1].cmdline, "");
    ck_assert_uint_eq(info.nr_ranges, 2);
    ck_assert_uint_eq(info.range[1].end, 0x8000000);

    make_multiboot1("GRUB 2.06-13");
    ck_assert_int_eq(multiboot1_read(BASE, at, &info, &why), 0);
    ck_assert_str_eq(info.cmdline, "lamina console=com1"); /* GRUB puts none: nothing is dropped */
}
END_TEST

static unsigned put_tag(unsigned offset, uint32_t type, const void *body, uint32_t bytes)
{
    put32(offset, type);
    put32(offset + 4, bytes + 8);
    memcpy(memory + offset + 8, body, bytes);
    return offset + ((bytes + 8 + 7) & ~7u);
}

static void make_multiboot2(void)
{
    const uint32_t module[3] = { BASE + 0x800, BASE + 0x900, 0x00626120 /* " ab" */ };
    const uint64_t system_table = BASE + 0xc00;
    static const uint8_t acpi[16] = { 0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11,
                                      0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 };
    const uint32_t map[14] = { 24, 0, 0, 0, 0xa0000, 0, 1, 0, 0x100000, 0, 0x100000, 0, 2, 0 };
    unsigned o = 8;

    memset(memory, 0, sizeof(memory));
    memset(&info, 0, sizeof(info));
    o = put_tag(o, 1, "noreboot", 9);
    o = put_tag(o, 2, "GRUB 2.06", 10);
    o = put_tag(o, 3, module, sizeof(module));
    o = put_tag(o, 6, map, sizeof(map));
    o = put_tag(o, 12, &system_table, 8);
    o = put_tag(o, 15, "RSD PTR ", 8);
    o = put_tag(o, 0, "", 0);
    put32(0, o);
    put64(0xc00 + 104, 1);
    put64(0xc00 + 112, BASE + 0xd00);
    memcpy(memory + 0xd00, acpi, sizeof(acpi));
    put64(0xd10, 0x7f77014);
}

START_TEST(multiboot2)
{
    const char *why = "";

    make_multiboot2();
    ck_assert_int_eq(multiboot2_read(BASE, at, &info, &why), 0);
    ck_assert_str_eq(info.cmdline, "noreboot");
    ck_assert_uint_eq(info.nr_modules, 1);
    ck_assert_str_eq(info.module[0].cmdline, " ab");
    ck_assert_uint_eq(info.nr_ranges, 2);
    ck_assert_uint_eq(info.range[1].type, 2);
    ck_assert(info.efi);
    ck_assert_uint_eq(info.rsdp, 0x7f77014); /* the firmware's, not the loader's copy */
}
END_TEST

START_TEST(refusals)
{
    const char *why = NULL;

    make_multiboot1("qemu");
    put32(0, 1 << 3);
    ck_assert_int_lt(multiboot1_read(BASE, at, &info, &why), 0);
    ck_assert_ptr_nonnull(why);
    make_multiboot1("qemu");
    put32(0x304, BASE + 0x10000); /* a module beyond memory */
    ck_assert_int_lt(multiboot1_read(BASE, at, &info, &why), 0);
    ck_assert_int_lt(multiboot2_read(0, at, &info, &why), 0);
    make_multiboot2();
    put32(12, 4); /* a tag smaller than its header would never end */
    ck_assert_int_lt(multiboot2_read(BASE, at, &info, &why), 0);
}
END_TEST

static void check_bounds(void)
{
    ck_assert_uint_le(info.nr_modules, 4);
    ck_assert_uint_le(info.nr_ranges, MEMORY_RANGES_MAX);
    ck_assert_uint_lt(strlen(info.cmdline), COMMAND_LINE_MAX);
    for (unsigned i = 0; i < info.nr_modules; i++)
        ck_assert(info.module[i].end >= info.module[i].start);
}

START_TEST(any_byte_changed)
{
    static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
    const char *why = "";

    for (unsigned i = 0; i < 0x600; i++)
        for (unsigned v = 0; v < sizeof(values); v++) {
            make_multiboot1("qemu");
            memory[i] = values[v];
            if (multiboot1_read(BASE, at, &info, &why) == 0)
                check_bounds();
            make_multiboot2();
            memory[i] = values[v];
            if (multiboot2_read(BASE, at, &info, &why) == 0)
                check_bounds();
        }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("boot/multiboot");
    TCase *t = tcase_create("multiboot");

    tcase_add_test(t, multiboot1);
    tcase_add_test(t, multiboot2);
    tcase_add_test(t, refusals);
    tcase_add_test(t, any_byte_changed);
    suite_add_tcase(s, t);
    return suite_run(s);
}
