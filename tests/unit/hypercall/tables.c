/* SPDX-License-Identifier: MIT */
/*
 * The generated tables of names and shapes: one entry a row, in the order of the identifiers,
 * unique, and consistent with each other. What walks them (trace readers, fuzzers) relies on that.
 */
#include "../suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hypercall_fuzz.h"
#include "hypercall_trace.h"

START_TEST(test_names_are_unique)
{
    for (unsigned i = 0; i < HYPERCALL_IDS; i++) {
        const struct hypercall_name *a = &hypercall_names[i];

        ck_assert_uint_lt(a->number, HYPERCALL_NUMBERS);
        ck_assert_uint_gt(strlen(a->name), 0);
        for (unsigned k = 0; k < i; k++) {
            const struct hypercall_name *b = &hypercall_names[k];

            ck_assert_str_ne(a->name, b->name);
            ck_assert(a->number != b->number || a->sub != b->sub);
        }
    }
    ck_assert_str_eq(hypercall_names[HYPERCALL_ID_version_version].name, "version_version");
    ck_assert_uint_eq(hypercall_names[HYPERCALL_ID_mmu_update].number, 1);
    ck_assert_uint_eq(hypercall_names[HYPERCALL_ID_memory_exchange].sub, 11);
}
END_TEST

START_TEST(test_shapes_fit_the_names)
{
    for (unsigned i = 0; i < HYPERCALL_IDS; i++) {
        const struct fuzz_shape *shape = &fuzz_shapes[i];

        ck_assert_uint_le(shape->nr_args, 6);
        ck_assert((shape->select == FUZZ_NONE) == (hypercall_names[i].sub == HYPERCALL_NO_SUB));
        for (unsigned k = 0; k < shape->nr_args; k++) {
            const struct fuzz_arg *arg = &shape->arg[k];

            ck_assert(arg->in || arg->out);
            ck_assert((arg->size != 0) == (arg->kind == FUZZ_PTR || arg->kind == FUZZ_STRUCT));
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hypercall/tables");
    TCase *tests = tcase_create("tables");

    tcase_add_test(tests, test_names_are_unique);
    tcase_add_test(tests, test_shapes_fit_the_names);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
