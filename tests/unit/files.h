/* SPDX-License-Identifier: MIT */
/*
 * Files that a test needs.
 */
#ifndef LAMINA_TESTS_FILES_H
#define LAMINA_TESTS_FILES_H

#include <check.h>
#include <stdio.h>

static inline void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

#endif
