/* SPDX-License-Identifier: MIT */
/*
 * Tests of the store client against the real daemon, which is killed before, in the middle of and
 * between requests, watches, waits and transactions.
 */
#include "../memory.h"
#include "../suite.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "store/client.h"

#define BOUND_MS 20000 /* nothing here takes that long */

static struct test_daemon daemon_;
static struct store_client *client;

static void setup(void)
{
    daemon_prepare(&daemon_);
    daemon_begin(&daemon_);
    ck_assert_int_eq(store_open(&client, BOUND_MS), 0);
}

static void teardown(void)
{
    store_close(client);
    client = NULL;
    daemon_finish(&daemon_);
}

static void expect_value(store_tx_t tx, const char *path, const char *expected)
{
    char *value;
    size_t size = 0;

    ck_assert_int_eq(store_read(client, tx, path, &value, &size), 0);
    ck_assert_str_eq(value, expected);
    ck_assert_uint_eq(size, strlen(expected));
    free(value);
}

/* Waits for the next event and compares it. */
static void expect_event(const char *path, const char *token)
{
    struct store_event event;

    while (store_next_event(client, &event) == 0) {
        struct pollfd fd = { .fd = store_fd(client), .events = POLLIN };
        ck_assert_int_eq(poll(&fd, 1, BOUND_MS), 1);
    }
    ck_assert_str_eq(event.path, path);
    ck_assert_str_eq(event.token, token);
    store_event_free(&event);
}

START_TEST(nodes)
{
    uint64_t number;
    char *value;

    ck_assert_int_eq(store_read(client, 0, "/a", &value, NULL), -ENOENT);
    ck_assert_ptr_null(value);
    ck_assert_int_eq(store_write(client, 0, "/a/b", "text"), 0);
    expect_value(0, "/a/b", "text");
    expect_value(0, "/a", "");
    ck_assert_int_eq(store_printf(client, 0, "/a/c", "%d", 4711), 0);
    ck_assert_int_eq(store_read_u64(client, 0, "/a/c", &number), 0);
    ck_assert_uint_eq(number, 4711);
    ck_assert_int_eq(store_read_u64(client, 0, "/a/b", &number), -EINVAL);
    ck_assert_int_eq(store_read_u64(client, 0, "/a/none", &number), -ENOENT);
    ck_assert_int_eq(store_mkdir(client, 0, "/a/d"), 0);
    ck_assert_int_eq(store_mkdir(client, 0, "/a/d"), 0);
    ck_assert_int_eq(store_rm(client, 0, "/a/d"), 0);
    ck_assert_int_eq(store_rm(client, 0, "/a/d"), 0);
    ck_assert_int_eq(store_write(client, 0, "/a//b", "x"), -EINVAL);
    ck_assert_int_eq(store_write(client, 0, "relative", "r"), 0);
    expect_value(0, "/local/domain/0/relative", "r");
}
END_TEST

/* One of everything that takes memory; what is got is freed. */
static int use_store(const char *path)
{
    struct store_event event = { 0 };
    char *text = NULL, **names = NULL;
    store_tx_t tx = 0;
    size_t nr;
    int rc = store_read(client, 0, path, &text, NULL);

    free(text);
    if (rc == 0)
        rc = store_list(client, 0, "/m", &names, &nr);
    free(names);
    if (rc == 0)
        rc = store_get_perms(client, path, &text);
    if (rc == 0)
        free(text);
    if (rc == 0)
        rc = store_watch(client, path, "m");
    if (rc == 0)
        rc = store_begin(client, &tx);
    if (tx)
        (void)!store_end(client, tx, false);
    while (store_next_event(client, &event) == 1)
        store_event_free(&event);
    return rc;
}

/* Each allocation fails in turn: an error, nothing lost, and the client is of use afterwards. */
START_TEST(memory_runs_out)
{
    unsigned at = 1;
    bool failed;

    ck_assert_int_eq(store_write(client, 0, "/m/a", "text"), 0);
    do {
        memory_fail(at++);
        int rc = use_store("/m/a");
        failed = memory_failed();
        ck_assert_msg(failed || rc == 0, "%d with all the memory it wants", rc);
        (void)!store_unwatch(client, "/m/a", "m");
        expect_value(0, "/m/a", "text");
    } while (failed);
    ck_assert_uint_gt(at, 6);
}
END_TEST

START_TEST(too_big)
{
    char *big = malloc(5001);

    memset(big, 'x', 5000);
    big[5000] = '\0';
    ck_assert_int_eq(store_write(client, 0, "/big", big), -E2BIG);
    ck_assert_int_eq(store_printf(client, 0, "/big", "%s", big), -E2BIG);
    ck_assert_int_eq(store_write(client, 0, big, ""), -E2BIG);
    ck_assert_int_eq(store_set_perms(client, 0, "/", big), -E2BIG);
    big[4000] = '\0';
    ck_assert_int_eq(store_write(client, 0, "/big", big), 0);
    expect_value(0, "/big", big);
    free(big);
}
END_TEST

START_TEST(numbers_at_their_limits)
{
    static const char *const bad[] = { "", " 1", "-1", "1 ", "0x1", "18446744073709551616" };
    uint64_t number;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_int_eq(store_write(client, 0, "/n", bad[i]), 0);
        ck_assert_int_eq(store_read_u64(client, 0, "/n", &number), -EINVAL);
    }
    ck_assert_int_eq(store_write(client, 0, "/n", "18446744073709551615"), 0);
    ck_assert_int_eq(store_read_u64(client, 0, "/n", &number), 0);
    ck_assert(number == UINT64_MAX);
}
END_TEST

START_TEST(lists)
{
    char path[96], **names;
    size_t nr;

    ck_assert_int_eq(store_list(client, 0, "/none", &names, &nr), -ENOENT);
    ck_assert_int_eq(store_mkdir(client, 0, "/l"), 0);
    ck_assert_int_eq(store_list(client, 0, "/l", &names, &nr), 0);
    ck_assert_uint_eq(nr, 0);
    free(names);
    for (int i = 0; i < 600; i++) {
        snprintf(path, sizeof(path), "/l/child-with-a-long-name-%04d", i);
        ck_assert_int_eq(store_write(client, 0, path, "v"), 0);
        if (i == 2) {
            ck_assert_int_eq(store_list(client, 0, "/l", &names, &nr), 0);
            ck_assert_uint_eq(nr, 3);
            ck_assert_str_eq(names[2], "child-with-a-long-name-0002");
            free(names);
        }
    }
    ck_assert_int_eq(store_list(client, 0, "/l", &names, &nr), 0);
    ck_assert_uint_eq(nr, 600);
    for (size_t i = 0; i < nr; i++) {
        snprintf(path, sizeof(path), "child-with-a-long-name-%04zu", i);
        ck_assert_str_eq(names[i], path);
    }
    free(names);
}
END_TEST

START_TEST(permissions)
{
    char *perms;

    ck_assert_int_eq(store_write(client, 0, "/p", "v"), 0);
    ck_assert_int_eq(store_set_perms(client, 0, "/p", "n0 r5"), 0);
    ck_assert_int_eq(store_get_perms(client, "/p", &perms), 0);
    ck_assert_str_eq(perms, "n0 r5");
    free(perms);
    ck_assert_int_eq(store_set_perms(client, 0, "/p", "z0"), -EINVAL);
    ck_assert_int_eq(store_get_perms(client, "/none", &perms), -ENOENT);
    ck_assert_ptr_null(perms);
}
END_TEST

START_TEST(transactions)
{
    store_tx_t tx, other;

    ck_assert_int_eq(store_begin(client, &tx), 0);
    ck_assert_int_eq(store_write(client, tx, "/t", "in"), 0);
    expect_value(tx, "/t", "in");
    ck_assert_int_eq(store_begin(client, &other), 0);
    ck_assert_int_eq(store_write(client, other, "/t", "other"), 0);
    ck_assert_int_eq(store_end(client, tx, true), 0);
    ck_assert_int_eq(store_end(client, other, false), 0);
    ck_assert_int_eq(store_end(client, other, true), -EINVAL);
    expect_value(0, "/t", "in");
    ck_assert_int_eq(store_begin(client, &tx), 0);
    expect_value(tx, "/t", "in");
    ck_assert_int_eq(store_write(client, 0, "/t", "meanwhile"), 0);
    ck_assert_int_eq(store_write(client, tx, "/t", "late"), 0);
    ck_assert_int_eq(store_end(client, tx, true), -EAGAIN);
}
END_TEST

START_TEST(watches)
{
    struct store_event event;

    ck_assert_int_eq(store_watch(client, "/w", "token"), 0);
    ck_assert_int_eq(store_watch(client, "/w", "token"), -EEXIST);
    expect_event("/w", "token");
    ck_assert_int_eq(store_write(client, 0, "/w/a", "1"), 0);
    expect_event("/w/a", "token");
    ck_assert_int_eq(store_watch(client, "relative", "r"), 0);
    expect_event("relative", "r");
    ck_assert_int_eq(store_unwatch(client, "/w", "token"), 0);
    ck_assert_int_eq(store_unwatch(client, "/w", "token"), -ENOENT);
    ck_assert_int_eq(store_write(client, 0, "/w/b", "1"), 0);
    ck_assert_int_eq(store_next_event(client, &event), 0);
}
END_TEST

/* An event that arrived while an answer was waited for lies in our memory, not in the socket. */
START_TEST(queued_event_is_seen_by_poll)
{
    struct pollfd fd = { .fd = store_fd(client), .events = POLLIN };

    ck_assert_int_eq(store_watch(client, "/w", "t"), 0);
    ck_assert_int_eq(store_write(client, 0, "/elsewhere", ""), 0);
    ck_assert_int_eq(store_write(client, 0, "/elsewhere", ""), 0);
    ck_assert_int_eq(poll(&fd, 1, BOUND_MS), 1);
    expect_event("/w", "t");
    ck_assert_int_eq(poll(&fd, 1, 0), 0);
}
END_TEST

/* More events than any buffer in between holds, left lying while requests go on. */
START_TEST(many_events_do_not_block_requests)
{
    char path[64];

    ck_assert_int_eq(store_watch(client, "/m", "t"), 0);
    expect_event("/m", "t");
    for (int i = 0; i < 20000; i++) {
        snprintf(path, sizeof(path), "/m/%d", i % 100);
        ck_assert_int_eq(store_write(client, 0, path, "v"), 0);
    }
    for (int i = 0; i < 100; i++) {
        snprintf(path, sizeof(path), "/m/%d", i);
        expect_event(path, "t");
    }
}
END_TEST

START_TEST(killed_between_requests)
{
    for (int i = 0; i < 20; i++) {
        char value[16];
        snprintf(value, sizeof(value), "%d", i);
        ck_assert_int_eq(store_write(client, 0, "/k", value), 0);
        daemon_kill(&daemon_);
        daemon_begin(&daemon_);
        expect_value(0, "/k", value);
    }
}
END_TEST

START_TEST(watches_fire_after_new_start)
{
    ck_assert_int_eq(store_watch(client, "/w", "t"), 0);
    ck_assert_int_eq(store_watch(client, "/v", "u"), 0);
    expect_event("/w", "t");
    expect_event("/v", "u");
    ck_assert_int_eq(store_unwatch(client, "/v", "u"), 0);
    daemon_kill(&daemon_);
    /* Nothing but poll() and store_next_event(): they alone must notice, and find it again. */
    struct store_event event;
    struct pollfd fd = { .fd = store_fd(client), .events = POLLIN };
    ck_assert_int_eq(poll(&fd, 1, BOUND_MS), 1);
    ck_assert_int_eq(store_next_event(client, &event), 0);
    ck_assert_int_eq(poll(&fd, 1, 0), 0);
    daemon_begin(&daemon_);
    expect_event("/w", "t");
    ck_assert_int_eq(store_write(client, 0, "/v", "1"), 0);
    ck_assert_int_eq(store_write(client, 0, "/w", "1"), 0);
    expect_event("/w", "t");
}
END_TEST

START_TEST(transaction_ends_with_the_daemon)
{
    store_tx_t tx;
    char *value;

    ck_assert_int_eq(store_begin(client, &tx), 0);
    ck_assert_int_eq(store_write(client, tx, "/t", "v"), 0);
    daemon_kill(&daemon_);
    daemon_begin(&daemon_);
    ck_assert_int_eq(store_read(client, tx, "/t", &value, NULL), -EAGAIN);
    ck_assert_int_eq(store_write(client, tx, "/t", "v"), -EAGAIN);
    ck_assert_int_eq(store_end(client, tx, true), -EAGAIN);
    ck_assert_int_eq(store_read(client, 0, "/t", &value, NULL), -ENOENT);
    /* A new one may get the daemon's old number, and is not mistaken for it. */
    store_tx_t lost, fresh;
    ck_assert_int_eq(store_begin(client, &lost), 0);
    daemon_kill(&daemon_);
    daemon_begin(&daemon_);
    ck_assert_int_eq(store_begin(client, &fresh), 0);
    ck_assert_int_eq(store_write(client, lost, "/lost", "v"), -EAGAIN);
    ck_assert_int_eq(store_write(client, fresh, "/fresh", "v"), 0);
    ck_assert_int_eq(store_end(client, lost, false), 0);
    ck_assert_int_eq(store_end(client, fresh, true), 0);
    ck_assert_int_eq(store_read(client, 0, "/lost", &value, NULL), -ENOENT);
    expect_value(0, "/fresh", "v");
}
END_TEST

START_TEST(release_may_be_repeated)
{
    ck_assert_int_eq(store_introduce(client, 7, 1, 1), 0);
    ck_assert_int_eq(store_introduce(client, 7, 1, 2), 0);
    ck_assert_int_eq(store_release(client, 7), 0);
    ck_assert_int_eq(store_release(client, 7), -ENOENT);
}
END_TEST

START_TEST(nobody_there)
{
    struct store_client *other;

    daemon_kill(&daemon_);
    ck_assert_int_eq(store_open(&other, 0), -ENOTCONN);
    ck_assert_ptr_null(other);
    ck_assert_int_eq(store_open(&other, 50), -ENOTCONN);
    setenv("XENSTORED_PATH", "/nowhere/at/all/socket", 1);
    ck_assert_int_lt(store_open(&other, -1), 0);
}
END_TEST

/* Begins and kills the daemon, over and over, beside what the test does. */
static volatile int is_over;

static void *torment(void *unused)
{
    unsigned seed = 1;

    (void)unused;
    while (!is_over) {
        /* Long enough to start and serve some requests, and never the same. */
        int ms = 5 + rand_r(&seed) % 40;
        (void)poll(NULL, 0, ms);
        daemon_kill(&daemon_);
        daemon_begin(&daemon_);
    }
    return NULL;
}

static int is_at_least(void *context, const char *value)
{
    return value && atoi(value) >= *(const int *)context;
}

static void *count_up(void *last)
{
    struct store_client *writer;

    if (store_open(&writer, BOUND_MS) != 0)
        return "open";
    for (int i = 1; i <= *(const int *)last; i++)
        if (store_printf(writer, 0, "/count", "%d", i) != 0)
            return "write";
    store_close(writer);
    return NULL;
}

/* One adds up in transactions, one counts, one waits: all while the daemon dies all the time. */
START_TEST(killed_in_the_middle)
{
    pthread_t tormentor, writer;
    int last = 3000, nr_lost = 0;
    unsigned i = 0;
    void *complaint;
    uint64_t value;

    ck_assert_int_eq(store_write(client, 0, "/sum", "0"), 0);
    ck_assert_int_eq(pthread_create(&tormentor, NULL, torment, NULL), 0);
    ck_assert_int_eq(pthread_create(&writer, NULL, count_up, &last), 0);
    /* On until a death has met a transaction: when that is depends on the machine. */
    while (i < 400 || (nr_lost == 0 && i < 1000000)) {
        store_tx_t tx;
        ck_assert_int_eq(store_begin(client, &tx), 0);
        int rc = store_read_u64(client, tx, "/sum", &value);
        /* An answer that was lost may have been a success: the sum tells. */
        if (rc == 0 && value == i + 1)
            i++;
        if (rc == 0)
            rc = store_printf(client, tx, "/sum", "%u", i + 1);
        ck_assert(rc == 0 || rc == -EAGAIN);
        int rc_end = store_end(client, tx, true);
        ck_assert(rc_end == 0 || rc_end == -EAGAIN);
        ck_assert(rc == 0 || rc_end == -EAGAIN);
        i += rc_end == 0;
        nr_lost += rc_end == -EAGAIN;
    }
    ck_assert_int_eq(store_wait(client, "/count", BOUND_MS, is_at_least, &last), 0);
    is_over = 1;
    pthread_join(writer, &complaint);
    pthread_join(tormentor, NULL);
    daemon_kill(&daemon_); /* it dies with the thread that began it */
    daemon_begin(&daemon_);
    ck_assert_ptr_null(complaint);
    ck_assert_int_eq(store_read_u64(client, 0, "/sum", &value), 0);
    ck_assert_uint_eq(value, i);
    ck_assert_int_gt(nr_lost, 0);
}
END_TEST

static int refuse(void *context, const char *value)
{
    (void)context;
    return value ? -EPERM : 0;
}

START_TEST(waits)
{
    int one = 1;
    struct store_event event;

    ck_assert_int_eq(store_wait(client, "/count", 0, is_at_least, &one), -ETIMEDOUT);
    ck_assert_int_eq(store_wait(client, "/count", 30, is_at_least, &one), -ETIMEDOUT);
    ck_assert_int_eq(store_write(client, 0, "/count", "1"), 0);
    ck_assert_int_eq(store_wait(client, "/count", 0, is_at_least, &one), 0);
    ck_assert_int_eq(store_wait(client, "/count", -1, refuse, NULL), -EPERM);
    ck_assert_int_eq(store_wait(client, "/a//b", -1, refuse, NULL), -EINVAL);
    ck_assert_int_eq(store_next_event(client, &event), 0);
}
END_TEST

START_TEST(wait_leaves_other_events)
{
    int last = 50;
    void *complaint;
    pthread_t writer;

    ck_assert_int_eq(store_watch(client, "/w", "mine"), 0);
    ck_assert_int_eq(pthread_create(&writer, NULL, count_up, &last), 0);
    ck_assert_int_eq(store_wait(client, "/count", BOUND_MS, is_at_least, &last), 0);
    pthread_join(writer, &complaint);
    ck_assert_ptr_null(complaint);
    expect_event("/w", "mine");
}
END_TEST

START_TEST(wait_ends_when_the_daemon_does)
{
    int one = 1;

    daemon_kill(&daemon_);
    int rc = store_wait(client, "/count", 100, is_at_least, &one);
    ck_assert(rc == -ENOTCONN || rc == -ETIMEDOUT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store client");
    TCase *tests = tcase_create("client");

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, nodes);
    tcase_add_test(tests, too_big);
    tcase_add_test(tests, memory_runs_out);
    tcase_add_test(tests, numbers_at_their_limits);
    tcase_add_test(tests, lists);
    tcase_add_test(tests, permissions);
    tcase_add_test(tests, transactions);
    tcase_add_test(tests, watches);
    tcase_add_test(tests, queued_event_is_seen_by_poll);
    tcase_add_test(tests, many_events_do_not_block_requests);
    tcase_add_test(tests, killed_between_requests);
    tcase_add_test(tests, watches_fire_after_new_start);
    tcase_add_test(tests, transaction_ends_with_the_daemon);
    tcase_add_test(tests, release_may_be_repeated);
    tcase_add_test(tests, nobody_there);
    tcase_add_test(tests, killed_in_the_middle);
    tcase_add_test(tests, waits);
    tcase_add_test(tests, wait_leaves_other_events);
    tcase_add_test(tests, wait_ends_when_the_daemon_does);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
