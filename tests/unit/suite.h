/* SPDX-License-Identifier: MIT */
/*
 * Suite: how each unit program ends. CK_VERBOSITY=verbose in the environment shows the tests that
 * passed, too.
 */
#ifndef LAMINA_TESTS_SUITE_H
#define LAMINA_TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Runs and frees the suite; what main() returns. */
static inline int suite_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);

    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
