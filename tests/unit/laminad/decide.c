/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0-tools/laminad/decide.c: the whole table of reasons and policies, domains between
 * states, and restarts that lead nowhere.
 */
#include "../suite.h"

#include "laminad/decide.h"

#include <check.h>
#include <stdlib.h>

#include "public/sched.h"

static const struct {
    enum domain_action action;
    enum verdict verdict;
} policies[] = {
    { ACTION_DESTROY, VERDICT_DESTROY },
    { ACTION_RESTART, VERDICT_RESTART },
    { ACTION_PRESERVE, VERDICT_KEEP },
    { ACTION_RENAME_RESTART, VERDICT_RENAME_RESTART },
    { ACTION_COREDUMP_DESTROY, VERDICT_COREDUMP_DESTROY },
    { ACTION_COREDUMP_RESTART, VERDICT_COREDUMP_RESTART },
};

#define NR_POLICIES (sizeof(policies) / sizeof(policies[0]))

static struct facts alive(void)
{
    return (struct facts){ .exists = true, .has_config = true };
}

static struct facts down(unsigned reason)
{
    struct facts facts = alive();

    facts.is_down = true;
    facts.reason = reason;
    return facts;
}

START_TEST(each_reason_has_its_policy)
{
    static const unsigned crashes[] = { SHUTDOWN_crash, SHUTDOWN_watchdog, SHUTDOWN_soft_reset, 77,
                                        255 };
    struct facts facts = down(SHUTDOWN_poweroff);

    /* The others point elsewhere, so that a mix-up shows. */
    facts.on_reboot = facts.on_crash =
        policies[_i].action == ACTION_PRESERVE ? ACTION_DESTROY : ACTION_PRESERVE;
    facts.on_poweroff = policies[_i].action;
    ck_assert_int_eq(decide(&facts, 5), policies[_i].verdict);
    facts = down(SHUTDOWN_reboot);
    facts.on_poweroff = facts.on_crash =
        policies[_i].action == ACTION_PRESERVE ? ACTION_DESTROY : ACTION_PRESERVE;
    facts.on_reboot = policies[_i].action;
    ck_assert_int_eq(decide(&facts, 5), policies[_i].verdict);
    for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++) {
        facts = down(crashes[i]);
        facts.on_poweroff = facts.on_reboot =
            policies[_i].action == ACTION_PRESERVE ? ACTION_DESTROY : ACTION_PRESERVE;
        facts.on_crash = policies[_i].action;
        ck_assert_int_eq(decide(&facts, 5), policies[_i].verdict);
    }
}
END_TEST

START_TEST(running_domain_is_left)
{
    struct facts facts = alive();

    facts.on_poweroff = facts.on_reboot = facts.on_crash = ACTION_RESTART;
    ck_assert_int_eq(decide(&facts, 5), VERDICT_NOTHING);
}
END_TEST

START_TEST(suspended_domain_is_left)
{
    struct facts facts = down(SHUTDOWN_suspend);

    facts.on_poweroff = facts.on_reboot = facts.on_crash = ACTION_RESTART;
    ck_assert_int_eq(decide(&facts, 5), VERDICT_NOTHING);
}
END_TEST

START_TEST(builder_is_awaited_while_it_lives)
{
    struct facts facts = { .is_building = true, .builder_lives = true };

    /* Whether its domain is there yet, or has ended already: it is the builder's. */
    ck_assert_int_eq(decide(&facts, 5), VERDICT_AWAIT_BUILDER);
    facts.exists = true;
    ck_assert_int_eq(decide(&facts, 5), VERDICT_AWAIT_BUILDER);
    facts.is_down = true;
    facts.has_config = true;
    facts.on_poweroff = ACTION_RESTART;
    ck_assert_int_eq(decide(&facts, 5), VERDICT_AWAIT_BUILDER);
}
END_TEST

START_TEST(half_built_domain_goes)
{
    struct facts facts = { .is_building = true };

    ck_assert_int_eq(decide(&facts, 5), VERDICT_REAP);
    facts.exists = true;
    ck_assert_int_eq(decide(&facts, 5), VERDICT_DESTROY);
    /* Even when a policy would keep it: it never was a domain. */
    facts.is_down = true;
    facts.has_config = true;
    facts.on_crash = facts.on_poweroff = ACTION_PRESERVE;
    ck_assert_int_eq(decide(&facts, 5), VERDICT_DESTROY);
}
END_TEST

START_TEST(dead_domain_is_reaped)
{
    struct facts facts = { .exists = false };

    ck_assert_int_eq(decide(&facts, 5), VERDICT_REAP);
    facts = alive();
    facts.is_dying = true;
    ck_assert_int_eq(decide(&facts, 5), VERDICT_REAP);
    facts.is_down = true;
    facts.on_poweroff = ACTION_RESTART;
    ck_assert_int_eq(decide(&facts, 5), VERDICT_REAP);
}
END_TEST

START_TEST(interrupted_destruction_goes_on)
{
    struct facts facts = alive();

    facts.is_being_destroyed = true;
    ck_assert_int_eq(decide(&facts, 5), VERDICT_DESTROY);
    facts.is_down = true;
    facts.on_poweroff = ACTION_RESTART;
    ck_assert_int_eq(decide(&facts, 5), VERDICT_DESTROY);
}
END_TEST

START_TEST(kept_domain_is_left)
{
    struct facts facts = down(SHUTDOWN_crash);

    facts.is_kept = true;
    facts.on_crash = ACTION_RESTART;
    ck_assert_int_eq(decide(&facts, 5), VERDICT_NOTHING);
}
END_TEST

START_TEST(without_configuration_there_is_no_restart)
{
    struct facts facts = down(SHUTDOWN_reboot);

    facts.has_config = false;
    facts.on_reboot = ACTION_RESTART;
    ck_assert_int_eq(decide(&facts, 5), VERDICT_DESTROY);
}
END_TEST

/* What a domain and its successors see: nr_quick as laminad hands it on. */
static unsigned lives_until_given_up(enum domain_action action, unsigned restarts_max,
                                     unsigned nr_short)
{
    unsigned nr_quick = 0;

    for (unsigned life = 1; life <= 100; life++) {
        struct facts facts = down(SHUTDOWN_crash);
        facts.on_crash = action;
        facts.nr_quick = nr_quick;
        facts.is_short_lived = life <= nr_short;
        if (decide(&facts, restarts_max) == VERDICT_GIVE_UP)
            return life;
        nr_quick = facts.is_short_lived ? nr_quick + 1 : 0;
    }
    return 0;
}

START_TEST(short_lives_end)
{
    static const enum domain_action restarts[] = { ACTION_RESTART, ACTION_RENAME_RESTART,
                                                   ACTION_COREDUMP_RESTART };

    for (size_t i = 0; i < sizeof(restarts) / sizeof(restarts[0]); i++) {
        ck_assert_uint_eq(lives_until_given_up(restarts[i], 5, 100), 5);
        ck_assert_uint_eq(lives_until_given_up(restarts[i], 1, 100), 1);
        /* A long life in between starts the count anew. */
        ck_assert_uint_eq(lives_until_given_up(restarts[i], 5, 4), 0);
        ck_assert_uint_eq(lives_until_given_up(restarts[i], 0, 100), 0);
    }
    ck_assert_uint_eq(lives_until_given_up(ACTION_DESTROY, 5, 100), 0);
    ck_assert_uint_eq(lives_until_given_up(ACTION_PRESERVE, 5, 100), 0);
}
END_TEST

START_TEST(reasons_have_names)
{
    for (unsigned i = 0; i < 300; i++)
        ck_assert_ptr_nonnull(decide_reason_text(i));
    ck_assert_str_eq(decide_reason_text(SHUTDOWN_crash), "crashed");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decide");
    TCase *tests = tcase_create("decide");

    tcase_add_loop_test(tests, each_reason_has_its_policy, 0, (int)NR_POLICIES);
    tcase_add_test(tests, running_domain_is_left);
    tcase_add_test(tests, suspended_domain_is_left);
    tcase_add_test(tests, builder_is_awaited_while_it_lives);
    tcase_add_test(tests, half_built_domain_goes);
    tcase_add_test(tests, dead_domain_is_reaped);
    tcase_add_test(tests, interrupted_destruction_goes_on);
    tcase_add_test(tests, kept_domain_is_left);
    tcase_add_test(tests, without_configuration_there_is_no_restart);
    tcase_add_test(tests, short_lives_end);
    tcase_add_test(tests, reasons_have_names);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
