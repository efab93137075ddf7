/* SPDX-License-Identifier: MIT */
/* lib/string.c under other names, so that the C library judges it: random overlaps and lengths. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#define memcpy  lamina_memcpy
#define memmove lamina_memmove
#define memset  lamina_memset
#define memcmp  lamina_memcmp
#define strlen  lamina_strlen
#define strnlen lamina_strnlen
#define strcmp  lamina_strcmp
#define strncmp lamina_strncmp
#include "lib/string.h"
/* The code under test itself: it cannot be linked beside the C library under its own names. */
#include "../../../hypervisor/lib/string.c"
#include "../suite.h"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp

#define SIZE 96

static int sign(int x)
{
    return (x > 0) - (x < 0);
}

START_TEST(moves_and_fills)
{
    unsigned char ours[SIZE], theirs[SIZE];

    srand(1);
    for (int round = 0; round < 20000; round++) {
        size_t from = (size_t)rand() % (SIZE / 2), to = (size_t)rand() % (SIZE / 2);
        size_t n = (size_t)rand() % (SIZE / 2);

        for (size_t i = 0; i < SIZE; i++)
            ours[i] = theirs[i] = (unsigned char)rand();
        ck_assert_ptr_eq(lamina_memmove(ours + to, ours + from, n), ours + to);
        memmove(theirs + to, theirs + from, n);
        ck_assert_int_eq(memcmp(ours, theirs, SIZE), 0);
        lamina_memset(ours + from, round, n);
        memset(theirs + from, round, n);
        ck_assert_int_eq(memcmp(ours, theirs, SIZE), 0);
        lamina_memcpy(ours + SIZE / 2, ours, n);
        memcpy(theirs + SIZE / 2, theirs, n);
        ck_assert_int_eq(memcmp(ours, theirs, SIZE), 0);
    }
}
END_TEST

START_TEST(compares)
{
    static const char *const word[] = { "", "a", "ab", "abc", "abd", "b", "\xff", "a\xff" };

    for (size_t i = 0; i < ARRAY_SIZE(word); i++) {
        ck_assert_uint_eq(lamina_strlen(word[i]), strlen(word[i]));
        ck_assert_uint_eq(lamina_strnlen(word[i], 2), strnlen(word[i], 2));
        for (size_t j = 0; j < ARRAY_SIZE(word); j++) {
            size_t n = MIN(strlen(word[i]), strlen(word[j]));

            ck_assert_int_eq(sign(lamina_strcmp(word[i], word[j])), sign(strcmp(word[i], word[j])));
            ck_assert_int_eq(sign(lamina_strncmp(word[i], word[j], 2)),
                             sign(strncmp(word[i], word[j], 2)));
            ck_assert_int_eq(sign(lamina_memcmp(word[i], word[j], n)),
                             sign(memcmp(word[i], word[j], n)));
        }
    }
}
END_TEST

START_TEST(copies_with_bound)
{
    char buf[4];

    ck_assert(string_copy(buf, sizeof(buf), "abc"));
    ck_assert_str_eq(buf, "abc");
    ck_assert(!string_copy(buf, sizeof(buf), "abcd"));
    ck_assert_str_eq(buf, "abc");
    ck_assert(string_copy(buf, sizeof(buf), ""));
    ck_assert_str_eq(buf, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lib/string");
    TCase *tests = tcase_create("string");

    tcase_add_test(tests, moves_and_fills);
    tcase_add_test(tests, compares);
    tcase_add_test(tests, copies_with_bound);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
