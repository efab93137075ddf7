/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0-tools/laminad/builders.c: the end of a builder is noticed, that of a namesake is
 * not taken for it.
 */
#include "../suite.h"

#include "laminad/builders.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "domain/record.h"

static struct laminad laminad;
static unsigned reviewed;
static pid_t child;
static char text[BUILDER_TEXT_SIZE];

static void review(struct laminad *daemon, unsigned domid)
{
    ck_assert_ptr_eq(daemon, &laminad);
    reviewed = domid;
    loop_stop(daemon->loop);
}

START_TEST(killed_builder_is_noticed)
{
    ck_assert_int_eq(builder_await(&laminad, 5, text, review), 1);
    ck_assert_int_eq(builder_await(&laminad, 5, text, review), 1);
    kill(child, SIGKILL);
    ck_assert_int_eq(loop_run(laminad.loop), 0);
    ck_assert_uint_eq(reviewed, 5);
    ck_assert_ptr_null(laminad.builders);
    /* Not collected by its parent yet, and dead all the same. */
    ck_assert_int_eq(builder_await(&laminad, 5, text, review), 0);
}
END_TEST

START_TEST(finished_builder_is_forgotten)
{
    ck_assert_int_eq(builder_await(&laminad, 5, text, review), 1);
    ck_assert_int_eq(builder_await(&laminad, 6, text, review), 1);
    builder_forget(&laminad, 5);
    builder_forget(&laminad, 9);
    kill(child, SIGKILL);
    ck_assert_int_eq(loop_run(laminad.loop), 0);
    ck_assert_uint_eq(reviewed, 6);
}
END_TEST

START_TEST(others_are_not_awaited)
{
    char other[BUILDER_TEXT_SIZE];

    snprintf(other, sizeof(other), "%d 1", (int)child);
    ck_assert_int_eq(builder_await(&laminad, 5, other, review), 0);
    ck_assert_int_eq(builder_await(&laminad, 5, "", review), 0);
    ck_assert_int_eq(builder_await(&laminad, 5, "999999999 5", review), 0);
    ck_assert_int_eq(builder_await(&laminad, 5, "-1 5", review), 0);
    ck_assert_ptr_null(laminad.builders);
}
END_TEST

static void set_up(void)
{
    laminad = (struct laminad){ .loop = loop_new() };
    child = fork();
    if (child == 0)
        for (;;)
            pause();
    ck_assert_int_eq(builder_describe(child, text), 0);
}

static void tear_down(void)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    builders_forget_all(&laminad);
    loop_free(laminad.loop);
}

int main(void)
{
    Suite *suite = suite_create("builders");
    TCase *tests = tcase_create("builders");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, killed_builder_is_noticed);
    tcase_add_test(tests, finished_builder_is_forgotten);
    tcase_add_test(tests, others_are_not_awaited);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
