/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0-tools/laminad/jobs.c and order.c: one child a key, failures that wait, orders that
 * outlive whoever wrote them.
 */
#include "laminad/jobs.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../descriptors.h"
#include "../suite.h"
#include "laminad/order.h"

static char directory[] = "/tmp/lamina-jobs.XXXXXX";
static struct loop *loop;
static struct jobs jobs;
static unsigned nr_changes;
static int gate[2]; /* children wait until its writing end is closed */

static void on_change(void *context)
{
    ck_assert_ptr_eq(context, &gate);
    nr_changes++;
    loop_stop(loop);
}

static int succeed(void *argument)
{
    (void)argument;
    return 0;
}

static int end_badly(void *argument)
{
    (void)argument;
    return 1;
}

static int die(void *argument)
{
    (void)argument;
    return raise(SIGKILL);
}

static int wait_at_gate(void *argument)
{
    char byte;

    (void)argument;
    close(gate[1]);
    return read(gate[0], &byte, 1) == 0 ? 0 : 1;
}

/* A child that the loop's signals can end, as any process. */
static int end_by_signal(void *argument)
{
    (void)argument;
    raise(SIGTERM);
    return 0;
}

static void await_changes(unsigned nr)
{
    while (nr_changes < nr)
        ck_assert_int_eq(loop_run(loop), 0);
}

START_TEST(success_is_forgotten)
{
    unsigned before = nr_descriptors();

    for (unsigned i = 1; i <= 50; i++) {
        ck_assert_int_eq(job_start(&jobs, "domain 3", succeed, NULL), 0);
        ck_assert_uint_eq(jobs.nr_running, 1);
        await_changes(i);
        ck_assert_ptr_null(jobs.list);
    }
    ck_assert_uint_eq(nr_descriptors(), before);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

START_TEST(one_job_a_key)
{
    ck_assert_int_eq(job_start(&jobs, "domain 3", wait_at_gate, NULL), 0);
    ck_assert_int_eq(job_start(&jobs, "domain 3", wait_at_gate, NULL), 0);
    ck_assert_int_eq(job_start(&jobs, "domain 4", wait_at_gate, NULL), 0);
    ck_assert_uint_eq(jobs.nr_running, 2);
    close(gate[1]);
    await_changes(2);
    ck_assert_uint_eq(jobs.nr_running, 0);
    ck_assert_ptr_null(jobs.list);
}
END_TEST

START_TEST(places_are_bounded)
{
    char key[16];

    for (int i = 0; i < JOBS_RUNNING_MAX + 5; i++) {
        snprintf(key, sizeof(key), "%d", i);
        ck_assert_int_eq(job_start(&jobs, key, wait_at_gate, NULL), 0);
    }
    ck_assert_uint_eq(jobs.nr_running, JOBS_RUNNING_MAX);
    close(gate[1]);
    await_changes(JOBS_RUNNING_MAX);
    ck_assert_ptr_null(jobs.list);
}
END_TEST

START_TEST(failure_waits)
{
    int (*const works[])(void *) = { end_badly, die, end_by_signal };

    jobs_begin_search(&jobs);
    ck_assert_int_eq(job_start(&jobs, "x", works[_i], NULL), 0);
    jobs_end_search(&jobs);
    await_changes(1);
    ck_assert_ptr_nonnull(jobs.list);
    /* Asked for again and again, it is not done before its time: no busy loop. */
    for (int i = 0; i < 100; i++) {
        jobs_begin_search(&jobs);
        ck_assert_int_eq(job_start(&jobs, "x", works[_i], NULL), 0);
        jobs_end_search(&jobs);
    }
    ck_assert_uint_eq(jobs.nr_running, 0);
    ck_assert_ptr_nonnull(jobs.list);
    /* Others are not held up by it; and nobody wants it any more. */
    jobs_begin_search(&jobs);
    ck_assert_int_eq(job_start(&jobs, "y", succeed, NULL), 0);
    jobs_end_search(&jobs);
    await_changes(2);
    ck_assert_ptr_null(jobs.list);
}
END_TEST

/* --- orders --- */

static struct domain_config config = { .name = (char *)"web",
                                       .memory_kib = 65536,
                                       .current_memory_kib = 65536,
                                       .nr_vcpus = 1,
                                       .nr_vcpus_max = 1,
                                       .kernel = (char *)"/boot/vmlinuz" };
static const struct order successor = { true, 7, { 0xab, 1, 2, 3, 4, 5, 6, 7 }, 3 };

START_TEST(names_say_it_all)
{
    struct order back;
    char name[ORDER_NAME_SIZE];

    order_name(&successor, "web", name);
    ck_assert(order_parse(name, &back));
    ck_assert_mem_eq(&back, &successor, sizeof(back));
    order_name(&(struct order){ 0 }, "7_web", name);
    ck_assert_str_eq(name, "first-7_web.xml");
    ck_assert(order_parse(name, &back));
    ck_assert(!back.has_predecessor);
    static const char *const bad[] = { "",
                                       ".xml",
                                       "x.xml",
                                       "..",
                                       ".new-12",
                                       "7.xml",
                                       "first-x",
                                       "7_00000000-0000-0000-0000-00000000000g_1.xml",
                                       "7_00000000-0000-0000-0000-000000000000_1.xml~",
                                       "7_00000000-0000-0000-0000-000000000000_1x.xml" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!order_parse(bad[i], &back), "%s", bad[i]);
}
END_TEST

static unsigned nr_seen;

static void count(void *context, const char *name)
{
    (void)context;
    (void)name;
    nr_seen++;
}

static unsigned nr_orders(void)
{
    nr_seen = 0;
    ck_assert_int_eq(order_for_each(directory, count, NULL), 0);
    return nr_seen;
}

START_TEST(order_is_carried_out_once)
{
    char name[ORDER_NAME_SIZE];

    order_name(&successor, "web", name);
    ck_assert_int_eq(order_replaces(directory, 7), 0);
    int fd = order_write(directory, name, &config);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(order_write(directory, name, &config), -EEXIST);
    ck_assert_int_eq(order_replaces(directory, 7), 1);
    ck_assert_int_eq(order_replaces(directory, 8), 0);
    ck_assert_uint_eq(nr_orders(), 1);
    /* Who waits for it finds it done. */
    pid_t child = fork();
    if (child == 0) {
        close(fd); /* else it would hold the lock as well */
        _exit(order_lock(directory, name) == -ENOENT ? 0 : 1);
    }
    order_finish(directory, name, fd);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(order_lock(directory, name), -ENOENT);
    ck_assert_uint_eq(nr_orders(), 0);
}
END_TEST

/* Its writer is killed: the order is whole and free to be taken up. */
START_TEST(order_outlives_its_worker)
{
    struct config_report *report = calloc(1, sizeof(*report));
    struct domain_config back;
    char name[ORDER_NAME_SIZE], path[256];
    int status;

    order_name(&successor, "web", name);
    pid_t child = fork();
    if (child == 0) {
        if (order_write(directory, name, &config) >= 0)
            raise(SIGKILL);
        _exit(1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    int fd = order_lock(directory, name);
    ck_assert_int_ge(fd, 0);
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    ck_assert_int_eq(domain_config_read(path, &back, report), 0);
    ck_assert_str_eq(back.name, "web");
    domain_config_free(&back);
    free(report);
    order_finish(directory, name, fd);
}
END_TEST

static void set_up(void)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(pipe(gate), 0);
    loop = loop_new();
    nr_changes = 0;
    ck_assert_int_eq(loop_take_signals(loop, NULL, NULL), 0);
    ck_assert_int_eq(jobs_open(&jobs, loop, on_change, &gate), 0);
}

static void tear_down(void)
{
    jobs_close(&jobs);
    loop_free(loop);
    ck_assert_int_eq(rmdir(directory), 0);
}

int main(void)
{
    Suite *suite = suite_create("jobs");
    TCase *tests = tcase_create("jobs");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, success_is_forgotten);
    tcase_add_test(tests, one_job_a_key);
    tcase_add_test(tests, places_are_bounded);
    tcase_add_loop_test(tests, failure_waits, 0, 3);
    tcase_add_test(tests, names_say_it_all);
    tcase_add_test(tests, order_is_carried_out_once);
    tcase_add_test(tests, order_outlives_its_worker);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
