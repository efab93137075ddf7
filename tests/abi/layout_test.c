/* SPDX-License-Identifier: MIT */
/*
 * Holds every size, offset and constant of our public headers against the installed headers of Xen
 * 4.17. Each difference is printed with its name; the comparison itself is tested with tables that
 * differ.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"

static const char *const kind_name[] = { "size", "offset", "value" };

/* Number of rows that differ, each printed when `report` is set. */
static size_t layout_compare(const struct layout_row *ours, const struct layout_row *theirs,
                             size_t rows, int report)
{
    size_t differences = 0;

    for (size_t i = 0; i < rows; i++) {
        if (ours[i].value == theirs[i].value && ours[i].kind == theirs[i].kind &&
            !strcmp(ours[i].name, theirs[i].name))
            continue;
        differences++;
        if (report)
            fprintf(stderr, "%s %s: %" PRId64 ", Xen has %" PRId64 "\n", kind_name[ours[i].kind],
                    ours[i].name, ours[i].value, theirs[i].value);
    }
    return differences;
}

static size_t count_kind(enum layout_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < layout_ours_rows; i++)
        n += layout_ours[i].kind == kind;
    return n;
}

START_TEST(test_layout_equal)
{
    ck_assert_uint_eq(layout_ours_rows, layout_theirs_rows);
    ck_assert_uint_eq(layout_compare(layout_ours, layout_theirs, layout_ours_rows, 1), 0);
}
END_TEST

/* The list of rows is made by a parser: were it to go blind, few rows would be left. */
START_TEST(test_layout_rows_enough)
{
    ck_assert_uint_ge(count_kind(LAYOUT_NUMBER), 500);
    ck_assert_uint_ge(count_kind(LAYOUT_OFFSET), 500);
    ck_assert_uint_ge(count_kind(LAYOUT_SIZE), 600);
}
END_TEST

START_TEST(test_compare_sees_each_row)
{
    struct layout_row *changed = malloc(layout_ours_rows * sizeof(*changed));

    ck_assert_ptr_nonnull(changed);
    for (size_t i = 0; i < layout_ours_rows; i++) {
        memcpy(changed, layout_ours, layout_ours_rows * sizeof(*changed));
        changed[i].value++;
        ck_assert_uint_eq(layout_compare(changed, layout_theirs, layout_ours_rows, 0), 1);
    }
    free(changed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("abi");
    TCase *layout = tcase_create("layout");
    SRunner *runner;
    int failed;

    tcase_add_test(layout, test_layout_equal);
    tcase_add_test(layout, test_layout_rows_enough);
    tcase_add_test(layout, test_compare_sees_each_row);
    tcase_set_timeout(layout, 60);
    suite_add_tcase(suite, layout);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    if (!failed)
        printf("abi: %zu sizes, offsets and constants agree with Xen 4.17\n", layout_ours_rows);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
