/* SPDX-License-Identifier: MIT */
/* lib/elf.c: a small kernel image, cut at every length and with every byte changed. */
#include "../suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/elf.h"
#include "public/features.h"

static uint8_t image[1024];

static void put(unsigned offset, uint64_t v, unsigned bytes)
{
    memcpy(image + offset, &v, bytes);
}

static unsigned put_note(unsigned at, uint32_t type, const void *desc, uint32_t bytes)
{
    put(at, 4, 4);
    put(at + 4, bytes, 4);
    put(at + 8, type, 4);
    memcpy(image + at + 12, "Xen", 4);
    memcpy(image + at + 16, desc, bytes);
    return at + 16 + ((bytes + 3) & ~3u);
}

static void make_image(void)
{
    const uint64_t entry = UINT64_C(0xffffffff81000100), base = UINT64_C(0xffffffff80000000);
    unsigned end;

    memset(image, 0, sizeof(image));
    memcpy(image, "\x7f" "ELF\x02\x01\x01", 7);
    put(16, 2, 2);
    put(18, 62, 2);
    put(24, 0x1000, 8);
    put(32, 64, 8);
    put(54, 56, 2);
    put(56, 2, 2);
    /* PT_LOAD */
    put(64, 1, 4);
    put(72, 512, 8);
    put(80, base + 0x1000000, 8);
    put(88, 0x1000000, 8);
    put(96, 256, 8);
    put(104, 4096, 8);
    /* PT_NOTE */
    put(120, 4, 4);
    put(128, 200, 8);
    end = put_note(200, 1, &entry, 8);
    end = put_note(end, 3, &base, 8);
    end = put_note(end, 5, "xen-3.0", 8);
    end = put_note(end, 10, "!writable_page_tables|dom0|!supervisor_mode_kernel", 51);
    put(152, end - 200, 8);
}

START_TEST(a_kernel)
{
    struct elf_image elf;
    struct elf_segment s;
    struct elf_xen_notes n;
    const char *why = "";

    make_image();
    ck_assert_int_eq(elf_open(&elf, image, sizeof(image), &why), 0);
    ck_assert_uint_eq(elf.entry, 0x1000);
    ck_assert_int_eq(elf_segment(&elf, 0, &s), 0);
    ck_assert_uint_eq(s.paddr, 0x1000000);
    ck_assert_uint_eq(s.memory_bytes, 4096);
    ck_assert_int_lt(elf_segment(&elf, 2, &s), 0);
    ck_assert_int_eq(elf_read_xen_notes(&elf, &n, &why), 0);
    ck_assert(n.has_entry && n.entry == UINT64_C(0xffffffff81000100));
    ck_assert(n.has_virt_base && !n.has_init_p2m && !n.has_hypercall_page && !n.mod_start_pfn);
    ck_assert_uint_eq(n.features_required, 1u << XENFEAT_writable_page_tables |
                                               1u << XENFEAT_supervisor_mode_kernel);
}
END_TEST

START_TEST(refusals)
{
    struct elf_image elf;
    struct elf_xen_notes n;
    const char *why = "";

    make_image();
    memcpy(image, "MZ", 2);
    memcpy(image + 0x202, "HdrS", 4);
    ck_assert_int_lt(elf_open(&elf, image, sizeof(image), &why), 0);
    ck_assert_ptr_nonnull(strstr(why, "bzImage"));
    make_image();
    put(152, 0, 8); /* no notes */
    ck_assert_int_eq(elf_open(&elf, image, sizeof(image), &why), 0);
    ck_assert_int_lt(elf_read_xen_notes(&elf, &n, &why), 0);
    ck_assert_ptr_nonnull(strstr(why, "CONFIG_XEN_PV"));
    make_image();
    put(104, 255, 8); /* smaller in memory than in the file */
    ck_assert_int_eq(elf_open(&elf, image, sizeof(image), &why), 0);
    ck_assert_int_lt(elf_read_xen_notes(&elf, &n, &why), 0);
}
END_TEST

/* Under the sanitizers an access beyond the copy ends the test. */
static void look_at(size_t bytes)
{
    uint8_t *copy = malloc(bytes ? bytes : 1);
    struct elf_image elf;
    struct elf_segment s;
    struct elf_xen_notes n;
    const char *why = "";

    memcpy(copy, image, bytes);
    if (elf_open(&elf, copy, bytes, &why) == 0) {
        for (unsigned i = 0; i < elf.nr_headers; i++)
            if (elf_segment(&elf, i, &s) == 0 && s.type == ELF_PT_LOAD) {
                ck_assert(s.offset <= bytes && s.file_bytes <= bytes - s.offset);
                ck_assert(s.file_bytes <= s.memory_bytes);
            }
        if (elf_read_xen_notes(&elf, &n, &why) != 0)
            ck_assert(*why != 0);
    }
    free(copy);
}

START_TEST(hostile)
{
    static const uint8_t values[] = { 0, 1, 3, 0x7f, 0x80, 0xff };

    make_image();
    for (size_t bytes = 0; bytes <= sizeof(image); bytes++)
        look_at(bytes);
    for (unsigned i = 0; i < 400; i++)
        for (unsigned v = 0; v < sizeof(values); v++) {
            make_image();
            image[i] = values[v];
            look_at(sizeof(image));
        }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("lib/elf");
    TCase *t = tcase_create("elf");

    tcase_add_test(t, a_kernel);
    tcase_add_test(t, refusals);
    tcase_add_test(t, hostile);
    suite_add_tcase(s, t);
    return suite_run(s);
}
