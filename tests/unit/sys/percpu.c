/* SPDX-License-Identifier: MIT */
/*
 * Pending work: what stops a long operation (preempt_pending()) is always something that the exit
 * path of the current vCPU sees and clears, or the operation would be stopped again and again.
 */
#include <check.h>
#include <stdlib.h>

#define preempt_pending tested_preempt_pending /* the host's own is linked in, too */
#include "../../../hypervisor/sys/percpu.c"
#include "../suite.h"

static struct vcpu_info info;
static struct guest_cpu guest;

static void setup(void)
{
    host_reset();
    info = (struct vcpu_info){ .evtchn_upcall_mask = 1 };
    guest = (struct guest_cpu){ .info = &info };
    this_cpu(current_vcpu) = NULL;
    (void)cpu_take_work();
}

/* What upcall_exit_work() takes when the vCPU's own word made it look. */
static uint32_t exit_path(void)
{
    return guest.work ? atomic_xchg(&guest.work, 0u) | cpu_take_work() : 0;
}

START_TEST(nothing_stops_an_idle_cpu)
{
    cpu_set_work(0, WORK_TIMER);
    ck_assert(!preempt_pending());
    ck_assert_uint_eq(cpu_take_work(), WORK_TIMER);
    ck_assert_uint_eq(cpu_take_work(), 0);
}
END_TEST

START_TEST(work_from_before_is_seen_once)
{
    cpu_set_work(0, WORK_SCHEDULE);
    this_cpu(current_vcpu) = (struct vcpu *)&guest;
    ck_assert_uint_eq(exit_path(), 0);
    ck_assert(preempt_pending());
    ck_assert_uint_eq(exit_path(), WORK_SCHEDULE);
    ck_assert(!preempt_pending());
}
END_TEST

START_TEST(own_work_and_events_stop)
{
    this_cpu(current_vcpu) = (struct vcpu *)&guest;
    ck_assert(!preempt_pending());
    cpu_set_work(0, WORK_TIMER);
    ck_assert(preempt_pending());
    ck_assert_uint_eq(exit_path(), WORK_TIMER);
    info.evtchn_upcall_pending = 1;
    ck_assert(!preempt_pending());
    info.evtchn_upcall_mask = 0;
    ck_assert(preempt_pending());
}
END_TEST

START_TEST(another_cpu_is_kicked)
{
    host.nr_cpus = 2;
    host.cpu = 1;
    this_cpu(current_vcpu) = (struct vcpu *)&guest;
    cpu_set_work(0, WORK_SCHEDULE);
    ck_assert_uint_eq(host.kicked_cpus, 1);
    ck_assert_uint_eq(guest.work, 0);
    upcall_kick(); /* there; all CPUs of the host share their variables */
    ck_assert_uint_eq(exit_path(), WORK_SCHEDULE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sys/percpu");
    TCase *tests = tcase_create("percpu");

    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, nothing_stops_an_idle_cpu);
    tcase_add_test(tests, work_from_before_is_seen_once);
    tcase_add_test(tests, own_work_and_events_stop);
    tcase_add_test(tests, another_cpu_is_kicked);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
