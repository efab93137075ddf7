/* SPDX-License-Identifier: MIT */
/*
 * Domain files when memory runs out: each allocation of reading and of writing one fails in turn.
 * The answer is an error that says so, nothing is kept (the leak check sees to that), and a file
 * that was read is what it is.
 */
#include "../memory.h"
#include "../suite.h"

#include "config/domain_config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define FULL "tests/unit/config/samples/full.xml"

static struct domain_config config;
static struct config_report report;

START_TEST(reading)
{
    unsigned at = 1;

    for (;; at++) {
        memset(&report, 0, sizeof(report));
        memory_fail(at);
        int rc = domain_config_read(FULL, &config, &report);
        if (!memory_failed()) {
            ck_assert_int_eq(rc, 0);
            break;
        }
        domain_config_free(&config);
        ck_assert_msg(rc == -ENOMEM, "allocation %u: %d", at, rc);
    }
    ck_assert_uint_gt(at, 20);
    domain_config_free(&config);
}
END_TEST

START_TEST(writing)
{
    char *good, *text;

    memset(&report, 0, sizeof(report));
    ck_assert_int_eq(domain_config_read(FULL, &config, &report), 0);
    good = domain_config_write(&config);
    for (unsigned at = 1;; at++) {
        memory_fail(at);
        text = domain_config_write(&config);
        if (!memory_failed())
            break;
        ck_assert_ptr_null(text);
    }
    ck_assert_str_eq(text, good);
    free(text);
    free(good);
    domain_config_free(&config);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config/memory");
    TCase *tcase = tcase_create("memory");

    tcase_add_test(tcase, reading);
    tcase_add_test(tcase, writing);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
