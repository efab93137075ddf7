/* SPDX-License-Identifier: MIT */
/* boot/memory_map.c: firmware maps with overlaps and holes, and carving. */
#include "../suite.h"

#include <check.h>

#include "boot/memory_map.h"

static void expect(const struct memory_range *r, maddr_t start, maddr_t end, uint32_t type)
{
    ck_assert_uint_eq(r->start, start);
    ck_assert_uint_eq(r->end, end);
    ck_assert_uint_eq(r->type, type);
}

START_TEST(sort_and_overlap)
{
    struct memory_range m[MEMORY_RANGES_MAX] = {
        { 0x100000, 0x800000, 1 }, { 0, 0xa0000, 1 },          { 0x200000, 0x300000, 2 },
        { 0x280000, 0x400000, 3 }, { 0x800000, 0x900000, 1 },  { 0x9f000, 0xa0000, 2 },
        { 0x500000, 0x500000, 2 },
    };
    unsigned n = memory_map_sort(m, 7, MEMORY_RANGES_MAX);

    ck_assert_uint_eq(n, 6);
    expect(&m[0], 0, 0x9f000, 1);
    expect(&m[1], 0x9f000, 0xa0000, 2);
    expect(&m[2], 0x100000, 0x200000, 1);
    expect(&m[3], 0x200000, 0x300000, 2);
    expect(&m[4], 0x300000, 0x400000, 3);
    expect(&m[5], 0x400000, 0x900000, 1);
}
END_TEST

START_TEST(sort_is_right_for_any_map)
{
    uint64_t seed = 1;

    for (unsigned round = 0; round < 500; round++) {
        struct memory_range m[MEMORY_RANGES_MAX], old[12];
        unsigned n;

        for (unsigned i = 0; i < 12; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            old[i].start = seed >> 58;
            old[i].end = old[i].start + (seed >> 40) % 12;
            old[i].type = 1 + (uint32_t)(seed >> 33) % 5;
            m[i] = old[i];
        }
        n = memory_map_sort(m, 12, MEMORY_RANGES_MAX);
        for (maddr_t at = 0; at < 80; at++) {
            static const unsigned rank[6] = { 0, 1, 4, 2, 3, 5 };
            uint32_t want = 0, have = 0;

            for (unsigned i = 0; i < 12; i++)
                if (at >= old[i].start && at < old[i].end && rank[old[i].type] > rank[want])
                    want = old[i].type;
            for (unsigned i = 0; i < n; i++)
                if (at >= m[i].start && at < m[i].end)
                    have = m[i].type;
            ck_assert_uint_eq(have, want);
        }
        for (unsigned i = 0; i + 1 < n; i++)
            ck_assert(m[i].end <= m[i + 1].start);
    }
}
END_TEST

START_TEST(carve)
{
    struct memory_range m[4] = { { 0x1000, 0x5000, 1 }, { 0x6000, 0x9000, 1 } };
    unsigned n = memory_map_carve(m, 2, 4, 0x2000, 0x3000);

    ck_assert_uint_eq(n, 3);
    expect(&m[0], 0x1000, 0x2000, 1);
    expect(&m[1], 0x3000, 0x5000, 1);
    n = memory_map_carve(m, n, 4, 0x4000, 0x7000);
    ck_assert_uint_eq(n, 3);
    expect(&m[1], 0x3000, 0x4000, 1);
    expect(&m[2], 0x7000, 0x9000, 1);
    n = memory_map_carve(m, n, 3, 0x7800, 0x8000); /* no room for a fourth: the tail is lost */
    ck_assert_uint_eq(n, 3);
    expect(&m[2], 0x7000, 0x7800, 1);
    ck_assert_uint_eq(memory_map_carve(m, n, 4, 0, UINT64_MAX), 0);
}
END_TEST

START_TEST(ram_is_whole_frames)
{
    const struct memory_range m[] = { { 0x10, 0x2fff, 1 }, { 0x3000, 0x3fff, 1 },
                                      { 0x5000, 0x7000, 2 }, { 0x8000, 0x9001, 1 } };
    struct memory_range out[4];

    ck_assert_uint_eq(memory_map_ram(m, 4, out, 4), 2);
    expect(&out[0], 0x1000, 0x2000, 1);
    expect(&out[1], 0x8000, 0x9000, 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("boot/memory_map");
    TCase *t = tcase_create("memory_map");

    tcase_add_test(t, sort_and_overlap);
    tcase_add_test(t, sort_is_right_for_any_map);
    tcase_add_test(t, carve);
    tcase_add_test(t, ram_is_whole_frames);
    suite_add_tcase(s, t);
    return suite_run(s);
}
