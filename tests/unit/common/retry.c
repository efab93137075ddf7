/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0-tools/common/retry.c: one try however often it is asked for, not before its time,
 * and again when the try itself asks.
 */
#include "../suite.h"

#include "common/retry.h"

#include <check.h>
#include <stdlib.h>

#include "common/clock.h"

#define DELAY_MS 20

static struct loop *loop;
static struct retry retry;
static unsigned nr_tries, nr_wanted;

static void again(void *context)
{
    ck_assert_ptr_eq(context, &nr_tries);
    if (++nr_tries < nr_wanted)
        retry_later(&retry);
    else
        loop_stop(loop);
}

START_TEST(tries_again)
{
    uint64_t begin = clock_now_ns();

    nr_wanted = 3;
    ck_assert(!retry.is_set);
    retry_later(&retry);
    retry_later(&retry);
    ck_assert(retry.is_set);
    ck_assert_int_eq(loop_run(loop), 0);
    ck_assert_uint_eq(nr_tries, 3);
    ck_assert(!retry.is_set);
    ck_assert(clock_now_ns() - begin >= 3 * DELAY_MS * NS_PER_MS);
}
END_TEST

static void set_up(void)
{
    loop = loop_new();
    ck_assert_int_eq(retry_open(&retry, loop, DELAY_MS, again, &nr_tries), 0);
}

static void tear_down(void)
{
    retry_close(&retry);
    loop_free(loop);
}

int main(void)
{
    Suite *suite = suite_create("retry");
    TCase *tests = tcase_create("retry");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, tries_again);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
