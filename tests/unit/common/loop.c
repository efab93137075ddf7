/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0-tools/common/loop.c: order, removal from inside handlers, signals, and turns that
 * do not wait.
 */
#include "../suite.h"

#include "common/loop.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct bell {
    struct loop_source source; /* first */
    struct loop *loop;
    struct bell *victim; /* removed and freed when this one rings */
    int rung;
};

static struct bell *bell_new(struct loop *loop, void (*ready)(struct loop_source *, uint32_t))
{
    struct bell *bell = calloc(1, sizeof(*bell));

    bell->source = (struct loop_source){ eventfd(1, EFD_NONBLOCK), ready };
    bell->loop = loop;
    ck_assert_int_eq(loop_add(loop, &bell->source, EPOLLIN), 0);
    return bell;
}

static void bell_free(struct bell *bell)
{
    loop_remove(bell->loop, &bell->source);
    close(bell->source.fd);
    free(bell);
}

static void bell_read(struct bell *bell)
{
    uint64_t value;

    ck_assert_int_eq(read(bell->source.fd, &value, sizeof(value)), sizeof(value));
    bell->rung++;
}

static void ring_and_stop(struct loop_source *source, uint32_t events)
{
    struct bell *bell = (struct bell *)source;

    ck_assert_uint_eq(events, EPOLLIN);
    bell_read(bell);
    loop_stop(bell->loop);
}

static struct bell *survivor;

/* The first of two that are ready frees the other, and stops. */
static void ring_and_free_other(struct loop_source *source, uint32_t events)
{
    struct bell *bell = (struct bell *)source;

    (void)events;
    bell_read(bell);
    ck_assert_ptr_nonnull(bell->victim);
    bell_free(bell->victim);
    bell->victim = NULL;
    survivor = bell;
    loop_stop(bell->loop);
}

static int turns;

static void count_turn(void *context)
{
    struct loop *loop = context;

    if (++turns < 5)
        loop_again(loop);
    else
        loop_stop(loop);
}

START_TEST(event_reaches_source)
{
    struct loop *loop = loop_new();
    struct bell *bell = bell_new(loop, ring_and_stop);

    ck_assert_int_eq(loop_run(loop), 0);
    ck_assert_int_eq(bell->rung, 1);
    ck_assert_int_eq(loop_add(loop, &bell->source, EPOLLIN), -EEXIST);
    /* An eventfd can always be written. */
    loop_change(loop, &bell->source, EPOLLOUT | EPOLLIN);
    ck_assert_int_eq(write(bell->source.fd, &(uint64_t){ 1 }, 8), 8);
    loop_change(loop, &bell->source, EPOLLIN);
    ck_assert_int_eq(loop_run(loop), 0);
    ck_assert_int_eq(bell->rung, 2);
    bell_free(bell);
    loop_free(loop);
}
END_TEST

START_TEST(removed_source_is_not_called)
{
    struct loop *loop = loop_new();
    struct bell *a = bell_new(loop, ring_and_free_other);
    struct bell *b = bell_new(loop, ring_and_free_other);

    a->victim = b;
    b->victim = a;
    /* Whichever comes first frees the other; calling that would be a use after free. */
    ck_assert_int_eq(loop_run(loop), 0);
    ck_assert_ptr_nonnull(survivor);
    bell_free(survivor);
    loop_free(loop);
}
END_TEST

START_TEST(again_does_not_wait)
{
    struct loop *loop = loop_new();

    turns = 0;
    loop_set_after(loop, count_turn, loop);
    loop_again(loop);
    ck_assert_int_eq(loop_run(loop), 0);
    ck_assert_int_eq(turns, 5);
    loop_free(loop);
}
END_TEST

static int hangups;

static void on_hangup(void *context)
{
    (void)context;
    hangups++;
    ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
}

START_TEST(signals_are_taken)
{
    struct loop *loop = loop_new();

    ck_assert_int_eq(loop_take_signals(loop, on_hangup, NULL), 0);
    ck_assert_int_eq(kill(getpid(), SIGHUP), 0);
    ck_assert_int_eq(loop_run(loop), 0);
    ck_assert_int_eq(hangups, 1);
    loop_free(loop);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loop");
    TCase *tests = tcase_create("loop");

    tcase_add_test(tests, event_reaches_source);
    tcase_add_test(tests, removed_source_is_not_called);
    tcase_add_test(tests, again_does_not_wait);
    tcase_add_test(tests, signals_are_taken);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
