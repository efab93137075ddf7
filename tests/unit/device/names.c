/* SPDX-License-Identifier: MIT */
/*
 * Tests of what needs neither store nor kernel: disk names, extents, claims.
 */
#include "../suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "device/claim.h"
#include "device/disk_name.h"

START_TEST(disk_numbers)
{
    static const struct {
        const char *name;
        unsigned number;
    } good[] = {
        { "xvda", 51712 },       { "xvdb", 51728 },        { "xvdp", 51952 },
        { "xvda15", 51727 },     { "xvda16", 0x10000010 }, { "xvdq", 0x10001000 },
        { "xvdaa", 0x10001a00 }, { "xvdzz", 0x1002bd00 },  { "xvdb255", 0x100001ff },
        { "hda", 768 },          { "hdb", 832 },           { "hdc1", 5633 },
        { "hdd63", 5759 },       { "sda", 2048 },          { "sdp15", 2303 },
    };
    static const char *const bad[] = { "",        "xvd",    "xvd1",   "xvda0",
                                       "xvda256", "hde",    "hda64",  "sdq",
                                       "sda16",   "xvdaaa", "vda",    "xvdA",
                                       "xvda1x",  "xvda ",  "xvda-1", "xvda4294967297" };
    unsigned number;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_msg(disk_name_to_number(good[i].name, &number) == 0, "%s", good[i].name);
        ck_assert_msg(number == good[i].number, "%s: %x", good[i].name, number);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(disk_name_to_number(bad[i], &number) == -EINVAL, "%s", bad[i]);
}
END_TEST

START_TEST(disk_numbers_are_different)
{
    char name[8] = "xvd";
    unsigned seen[702], nr = 0;

    for (unsigned i = 0; i < 702; i++) {
        if (i < 26) {
            name[3] = (char)('a' + i);
            name[4] = '\0';
        } else {
            name[3] = (char)('a' + i / 26 - 1);
            name[4] = (char)('a' + i % 26);
            name[5] = '\0';
        }
        ck_assert_int_eq(disk_name_to_number(name, &seen[nr]), 0);
        for (unsigned j = 0; j < nr; j++)
            ck_assert_uint_ne(seen[j], seen[nr]);
        nr++;
    }
}
END_TEST

static struct extent piece(dev_t device, uint64_t inode, uint64_t start, uint64_t end)
{
    return (struct extent){ device, inode, start, end };
}

START_TEST(overlaps)
{
    struct extent a = piece(makedev(8, 0), 0, 1000, 2000);
    struct extent apart[] = { piece(makedev(8, 0), 0, 0, 1000), piece(makedev(8, 0), 0, 2000, 3000),
                              piece(makedev(8, 1), 0, 1000, 2000),
                              piece(makedev(8, 0), 7, 1000, 2000) };
    struct extent common[] = { piece(makedev(8, 0), 0, 0, 1001),
                               piece(makedev(8, 0), 0, 1999, 3000),
                               piece(makedev(8, 0), 0, 1400, 1500),
                               piece(makedev(8, 0), 0, 0, EXTENT_END), a };

    for (size_t i = 0; i < sizeof(apart) / sizeof(apart[0]); i++) {
        ck_assert(!extent_overlaps(&a, &apart[i]));
        ck_assert(!extent_overlaps(&apart[i], &a));
    }
    for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
        ck_assert(extent_overlaps(&a, &common[i]));
        ck_assert(extent_overlaps(&common[i], &a));
    }
}
END_TEST

/* Every pair of modes: only two readers, or two that share, may use the same bytes. */
START_TEST(agreement)
{
    for (unsigned i = 0; i < 16; i++) {
        struct claim a = { piece(1, 2, 0, 10), i & 1, i & 2 };
        struct claim b = { piece(1, 2, 5, 15), i & 4, i & 8 };
        struct claim apart = { piece(1, 2, 10, 15), i & 4, i & 8 };
        bool expected = (a.readonly && b.readonly) || (a.shareable && b.shareable);
        ck_assert(claims_agree(&a, &b) == expected);
        ck_assert(claims_agree(&a, &apart));
    }
}
END_TEST

START_TEST(claims_as_text)
{
    static const char *const bad[] = { "", "8:0", "8:0 1 2", "8:0 1 2 3", "8:0 1 2 3 x", "w" };
    struct claim claim, again;
    char text[CLAIM_TEXT];

    for (unsigned i = 0; i < 4; i++) {
        claim =
            (struct claim){ piece(makedev(4095, 1048575), UINT64_MAX, UINT64_MAX - 1, UINT64_MAX),
                            i & 1, i & 2 };
        claim_format(&claim, text);
        ck_assert_int_eq(claim_parse(text, &again), 0);
        ck_assert(again.extent.device == claim.extent.device);
        ck_assert(again.extent.inode == claim.extent.inode);
        ck_assert(again.extent.start == claim.extent.start);
        ck_assert(again.extent.end == claim.extent.end);
        ck_assert(again.readonly == claim.readonly && again.shareable == claim.shareable);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_int_eq(claim_parse(bad[i], &claim), -EINVAL);
}
END_TEST

/* The same file by two names and by two slices; another file. */
START_TEST(extents_of_files)
{
    char a[] = "/tmp/lamina-device-XXXXXX", b[] = "/tmp/lamina-device-XXXXXX", name[64];
    struct extent x, y, z;
    int fd_a = mkstemp(a), fd_b = mkstemp(b);

    ck_assert(fd_a >= 0 && fd_b >= 0);
    strcpy(name, a);
    strcat(name, ".link");
    ck_assert_int_eq(link(a, name), 0);
    int fd_link = open(name, O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(extent_of_fd(fd_a, 0, 0, &x), 0);
    ck_assert_int_eq(extent_of_fd(fd_link, 512, 512, &y), 0);
    ck_assert_int_eq(extent_of_fd(fd_b, 0, 0, &z), 0);
    ck_assert(extent_overlaps(&x, &y));
    ck_assert(!extent_overlaps(&x, &z));
    ck_assert_int_eq(extent_of_fd(fd_a, 1024, 512, &x), 0);
    ck_assert(!extent_overlaps(&x, &y));
    close(fd_a);
    close(fd_b);
    close(fd_link);
    unlink(a);
    unlink(b);
    unlink(name);
}
END_TEST

START_TEST(made_macs)
{
    uint8_t a[6], b[6];
    int same = 0;

    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(device_make_mac(a), 0);
        ck_assert_int_eq(device_make_mac(b), 0);
        ck_assert(a[0] == 0x00 && a[1] == 0x16 && a[2] == 0x3e && a[3] < 0x80);
        same += memcmp(a, b, sizeof(a)) == 0;
    }
    ck_assert_int_lt(same, 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("names");
    TCase *tests = tcase_create("names");

    tcase_add_test(tests, disk_numbers);
    tcase_add_test(tests, disk_numbers_are_different);
    tcase_add_test(tests, overlaps);
    tcase_add_test(tests, agreement);
    tcase_add_test(tests, claims_as_text);
    tcase_add_test(tests, extents_of_files);
    tcase_add_test(tests, made_macs);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
