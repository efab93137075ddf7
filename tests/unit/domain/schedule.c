/* SPDX-License-Identifier: MIT */
/*
 * What <cputune> and cpuset mean to the scheduler.
 */
#include "../suite.h"

#include <check.h>
#include <stdlib.h>

#include "domain/schedule.h"

START_TEST(shares_are_weights)
{
    ck_assert_uint_eq(schedule_weight(1024), 256);
    ck_assert_uint_eq(schedule_weight(2048), 512);
    ck_assert_uint_eq(schedule_weight(0), 1);
    ck_assert_uint_eq(schedule_weight(3), 1);
    ck_assert_uint_eq(schedule_weight(262140), 65535);
    ck_assert_uint_eq(schedule_weight(UINT32_MAX), 65535);
}
END_TEST

START_TEST(quotas_are_caps)
{
    ck_assert_uint_eq(schedule_cap(50000, 100000, 1), 50);
    ck_assert_uint_eq(schedule_cap(50000, 100000, 4), 200);
    ck_assert_uint_eq(schedule_cap(50000, 0, 1), 50);
    ck_assert_uint_eq(schedule_cap(-1, 100000, 1), 0);
    ck_assert_uint_eq(schedule_cap(0, 100000, 1), 0);
    /* The least is not no limit. */
    ck_assert_uint_eq(schedule_cap(1, 1000000, 1), 1);
    ck_assert_uint_eq(schedule_cap(INT64_MAX, 1, 64), 65535);
    ck_assert_uint_eq(schedule_cap(INT64_MAX, UINT64_MAX, 64), 3200);
}
END_TEST

START_TEST(pins_go_before_the_set)
{
    struct domain_config *config = calloc(1, sizeof(*config));

    ck_assert(schedule_affinity(config, 0) == UINT64_MAX);
    config->cpuset = 6;
    ck_assert_uint_eq(schedule_affinity(config, 63), 6);
    config->cputune.pinned = (uint64_t)1 << 63;
    config->cputune.affinity[63] = 1;
    ck_assert_uint_eq(schedule_affinity(config, 63), 1);
    ck_assert_uint_eq(schedule_affinity(config, 62), 6);
    free(config);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("schedule");

    tcase_add_test(tcase, shares_are_weights);
    tcase_add_test(tcase, quotas_are_caps);
    tcase_add_test(tcase, pins_go_before_the_set);
    Suite *suite = suite_create("schedule");
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
