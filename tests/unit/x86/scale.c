/* SPDX-License-Identifier: MIT */
/* x86/scale.c: against 128-bit arithmetic, and each direction against the other. */
#include "../suite.h"

#include <check.h>
#include <stdlib.h>

#include "x86/scale.h"

static const uint64_t rates[] = { 1000,       32768,      3579545,    14318180,    100000000,
                                  999999999,  1000000000, 1000000001, 1999999999,  2000000000,
                                  2394456123, 3000000000, 4294967296, 19999999999, 1000000000000 };

static uint64_t exact_ns(uint64_t hz, uint64_t ticks)
{
    return (uint64_t)((unsigned __int128)ticks * NS_PER_S / hz);
}

START_TEST(fraction_uses_all_its_bits)
{
    for (unsigned i = 0; i < ARRAY_SIZE(rates); i++)
        ck_assert_uint_eq(scale_from_hz(rates[i]).mul >> 31, 1);
    ck_assert_uint_eq(scale_from_hz(1000000000).mul, UINT32_C(1) << 31);
    ck_assert_int_eq(scale_from_hz(1000000000).shift, 1);
}
END_TEST

START_TEST(a_second_is_a_second)
{
    for (unsigned i = 0; i < ARRAY_SIZE(rates); i++) {
        struct scale s = scale_from_hz(rates[i]);

        for (uint64_t seconds = 1; seconds <= 1000000; seconds *= 10) {
            uint64_t want = seconds * NS_PER_S, got = scale_to_ns(s, seconds * rates[i]);

            /* Never ahead; behind by the fraction's last place, and what a right shift drops. */
            ck_assert_uint_le(got, want);
            ck_assert_uint_le(want - got, want / (UINT32_C(1) << 31) + 2);
        }
    }
}
END_TEST

START_TEST(agrees_with_exact_arithmetic)
{
    uint64_t seed = 88172645463325252u;

    for (unsigned round = 0; round < 20000; round++) {
        uint64_t hz = rates[round % ARRAY_SIZE(rates)], ticks, want, got;

        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        ticks = seed % (hz * 3600); /* an hour */
        want = exact_ns(hz, ticks);
        got = scale_to_ns(scale_from_hz(hz), ticks);
        ck_assert_uint_le(got, want);
        ck_assert_uint_le(want - got, want / (UINT32_C(1) << 31) + 2);
    }
}
END_TEST

START_TEST(ticks_are_the_least_that_reach)
{
    uint64_t seed = 1234567891234567u;

    for (unsigned round = 0; round < 20000; round++) {
        struct scale s = scale_from_hz(rates[round % ARRAY_SIZE(rates)]);
        uint64_t ns, ticks;

        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        ns = seed % (NS_PER_S * 100000) >> seed % 40;
        ticks = scale_to_ticks(s, ns);
        ck_assert_uint_ge(scale_to_ns(s, ticks), ns);
        if (ticks > 0)
            ck_assert_uint_lt(scale_to_ns(s, ticks - 1), ns);
    }
}
END_TEST

START_TEST(far_deadlines_saturate)
{
    ck_assert_uint_eq(scale_to_ticks(scale_from_hz(3000000000), 0), 0);
    ck_assert_uint_eq(scale_to_ticks(scale_from_hz(3000000000), UINT64_MAX), UINT64_MAX);
    ck_assert_uint_eq(scale_to_ticks(scale_from_hz(19999999999), UINT64_MAX), UINT64_MAX);
    ck_assert_uint_eq(scale_to_ticks(scale_from_hz(2000000000), UINT64_MAX / 2), UINT64_MAX - 1);
}
END_TEST

START_TEST(absurd_rates_are_bounded)
{
    ck_assert_uint_eq(scale_from_hz(0).mul, scale_from_hz(1000).mul);
    ck_assert_int_eq(scale_from_hz(0).shift, scale_from_hz(1000).shift);
    ck_assert_int_eq(scale_from_hz(UINT64_MAX).shift, scale_from_hz(1000000000000).shift);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("x86/scale");
    TCase *tests = tcase_create("scale");

    tcase_add_test(tests, fraction_uses_all_its_bits);
    tcase_add_test(tests, a_second_is_a_second);
    tcase_add_test(tests, agrees_with_exact_arithmetic);
    tcase_add_test(tests, ticks_are_the_least_that_reach);
    tcase_add_test(tests, far_deadlines_saturate);
    tcase_add_test(tests, absurd_rates_are_bounded);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
