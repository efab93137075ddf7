/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0-tools/consoled/throttle.c and history.c: windows of time, positions in a stream.
 */
#include "../suite.h"

#include "consoled/throttle.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "consoled/console.h"
#include "consoled/history.h"

#define S 1000000000ull

START_TEST(events_are_bounded)
{
    struct throttle throttle = { 0 };

    for (unsigned i = 0; i < THROTTLE_EVENTS_MAX; i++)
        ck_assert(throttle_admit(&throttle, 5 * S + i));
    ck_assert_uint_eq(throttle.window_end_ns, 5 * S + THROTTLE_WINDOW_NS);
    ck_assert(!throttle_admit(&throttle, 5 * S + 1000));
    ck_assert(!throttle_admit(&throttle, throttle.window_end_ns - 1));
    ck_assert(throttle_admit(&throttle, throttle.window_end_ns));
    ck_assert(throttle_admit(&throttle, throttle.window_end_ns - 1));
}
END_TEST

START_TEST(bytes_are_bounded)
{
    struct throttle throttle = { 0 };

    ck_assert(throttle_admit(&throttle, S));
    throttle_count(&throttle, THROTTLE_BYTES_MAX - 1);
    ck_assert(throttle_admit(&throttle, S));
    throttle_count(&throttle, 1);
    ck_assert(!throttle_admit(&throttle, S));
    ck_assert(throttle_admit(&throttle, S + THROTTLE_WINDOW_NS));
}
END_TEST

/* One event now and then is never held up. */
START_TEST(slow_domains_are_free)
{
    struct throttle throttle = { 0 };

    for (uint64_t i = 0; i < 10000; i++)
        ck_assert(throttle_admit(&throttle, i * THROTTLE_WINDOW_NS / THROTTLE_EVENTS_MAX + i));
}
END_TEST

static struct history history;

static void append_numbered(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        history_append(&history, &(uint8_t){ (uint8_t)(history.end * 31 >> 3) }, 1);
}

/* Reads all from pos on and checks each byte; returns how many. */
static size_t read_all(uint64_t *pos)
{
    const uint8_t *data;
    size_t size, total = 0;

    while ((size = history_read(&history, pos, &data)) > 0) {
        for (size_t i = 0; i < size; i++)
            ck_assert_uint_eq(data[i], (uint8_t)((*pos + i) * 31 >> 3));
        *pos += size;
        total += size;
    }
    return total;
}

START_TEST(history_is_the_newest)
{
    uint64_t pos = 0, late = 0;

    ck_assert_int_eq(history_open(&history), 0);
    ck_assert_uint_eq(read_all(&pos), 0);
    for (int round = 0; round < 40; round++) {
        append_numbered(5000);
        ck_assert_uint_eq(read_all(&pos), 5000);
    }
    ck_assert_uint_eq(history_start(&history), 200000 - CONSOLE_BACKLOG);
    /* Who was away all the time gets what is left. */
    ck_assert_uint_eq(read_all(&late), CONSOLE_BACKLOG);
    ck_assert_uint_eq(late, 200000);
    history_close(&history);
}
END_TEST

START_TEST(large_pieces_fit)
{
    static uint8_t data[3 * CONSOLE_BACKLOG];
    const uint8_t *back;
    uint64_t pos = 0;

    data[sizeof(data) - 1] = 'z';
    ck_assert_int_eq(history_open(&history), 0);
    history_append(&history, data, 100);
    history_append(&history, data, sizeof(data));
    size_t size = history_read(&history, &pos, &back);
    ck_assert_uint_eq(pos, history.end - CONSOLE_BACKLOG);
    ck_assert_uint_eq(size, CONSOLE_BACKLOG - 100);
    pos = history.end - 1;
    ck_assert_uint_eq(history_read(&history, &pos, &back), 1);
    ck_assert_uint_eq(back[0], 'z');
    history_close(&history);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("throttle");
    TCase *tests = tcase_create("throttle");

    tcase_add_test(tests, events_are_bounded);
    tcase_add_test(tests, bytes_are_bounded);
    tcase_add_test(tests, slow_domains_are_free);
    tcase_add_test(tests, history_is_the_newest);
    tcase_add_test(tests, large_pieces_fit);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
