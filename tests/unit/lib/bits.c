/* SPDX-License-Identifier: MIT */
/* lib/bits.h: maps, walks and searches against their plain meaning. */
#include "../suite.h"

#include <check.h>
#include <stdlib.h>

#include "lib/bits.h"

START_TEST(set_and_clear)
{
    uint64_t map[2] = { 0, 0 };

    bit_set(map, 64);
    ck_assert(bit_test(map, 64) && !bit_test(map, 0));
    ck_assert(!atomic_bit_set(map, 63));
    ck_assert(atomic_bit_set(map, 63));
    ck_assert_uint_eq(map[0], BIT(63));
    ck_assert(atomic_bit_clear(map, 63));
    ck_assert(!atomic_bit_clear(map, 63));
    ck_assert_uint_eq(map[0], 0);
    ck_assert_uint_eq(map[1], 1);
}
END_TEST

START_TEST(walks_each_bit)
{
    uint64_t seen = 0, word = UINT64_C(0x8000000100000011);
    unsigned n;

    for_each_bit(n, word)
    {
        ck_assert_uint_eq(seen >> n, 0); /* rising order */
        seen |= BIT(n);
    }
    ck_assert_uint_eq(seen, word);
    ck_assert_uint_eq(bit_highest(word), 63);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lib/bits");
    TCase *tests = tcase_create("bits");

    tcase_add_test(tests, set_and_clear);
    tcase_add_test(tests, walks_each_bit);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
