/* SPDX-License-Identifier: MIT */
/*
 * The counts of back ends, from a folder that looks like the kernel's: who is counted, what a
 * device that is half gone counts, and the orders.
 */
#include "../suite.h"

#include "lamina/sample.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char root[] = "/tmp/lamina-sample-XXXXXX";

static struct domain_entry entries[] = {
    { .info = { .domain = 0, .tot_pages = 3 }, .name = (char *)"c" },
    { .info = { .domain = 1, .tot_pages = 1 }, .name = (char *)"a" },
    { .info = { .domain = 12, .tot_pages = 2 }, .name = (char *)"b" },
};
static struct domain_sample domains[3];

/* A file with all the folders above it, below the root. */
static void put(const char *path, const char *text)
{
    char full[256];
    FILE *file;

    snprintf(full, sizeof(full), "%s/bus/xen-backend/devices/%s", root, path);
    for (char *slash = strchr(full + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(full, 0700);
        *slash = '/';
    }
    file = fopen(full, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(root));
    for (size_t i = 0; i < 3; i++)
        domains[i] = (struct domain_sample){ .entry = &entries[i], .cpu_percent = -1 };
}

static void teardown(void)
{
    char command[80];

    snprintf(command, sizeof(command), "rm -r %s", root);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(devices_are_counted)
{
    put("vbd-1-51712/statistics/rd_req", "5\n");
    put("vbd-1-51712/statistics/wr_req", "7\n");
    put("vbd-1-51712/statistics/rd_sect", "16\n");
    put("vbd-1-51712/statistics/wr_sect", "4\n");
    put("vbd-1-51728/statistics/rd_sect", "1\n");
    put("vif-12-0/net/web0/statistics/rx_bytes", "100\n");
    put("vif-12-0/net/web0/statistics/tx_bytes", "18446744073709551615\n");
    sample_count_devices(root, domains, 3);

    ck_assert_uint_eq(domains[1].devices.nr_disks, 2);
    ck_assert_uint_eq(domains[1].devices.disk_read_requests, 5);
    ck_assert_uint_eq(domains[1].devices.disk_write_requests, 7);
    ck_assert_uint_eq(domains[1].devices.disk_read_bytes, 17 * 512);
    ck_assert_uint_eq(domains[1].devices.disk_written_bytes, 4 * 512);
    ck_assert_uint_eq(domains[1].devices.nr_interfaces, 0);
    ck_assert_uint_eq(domains[2].devices.nr_interfaces, 1);
    ck_assert_uint_eq(domains[2].devices.net_sent_bytes, 100);
    ck_assert_uint_eq(domains[2].devices.net_received_bytes, UINT64_MAX);
    ck_assert_uint_eq(domains[0].devices.nr_disks + domains[0].devices.nr_interfaces, 0);
}
END_TEST

START_TEST(strange_names_count_nothing)
{
    static const char *const names[] = { "vbd-13-1", "vbd--1-1", "vbd-1",
                                         "vkbd-1-0", "pci-1-0",  "vbdx-1-1" };
    char path[80];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/statistics/rd_sect", names[i]);
        put(path, "1\n");
    }
    put("vbd-1-5/statistics/rd_sect", "many\n");
    sample_count_devices(root, domains, 3);
    ck_assert_uint_eq(domains[1].devices.nr_disks, 1);
    ck_assert_uint_eq(domains[1].devices.disk_read_bytes, 0);
    ck_assert_uint_eq(domains[0].devices.nr_disks + domains[2].devices.nr_disks, 0);
}
END_TEST

START_TEST(nothing_there)
{
    sample_count_devices("/nonexistent", domains, 3);
    ck_assert_uint_eq(domains[1].devices.nr_disks, 0);
}
END_TEST

static void expect_order(enum sample_order order, bool reverse, const char *names)
{
    struct sample sample = { .domains = domains, .nr = 3 };

    sample_sort(&sample, order, reverse);
    for (size_t i = 0; i < 3; i++)
        ck_assert_msg(domains[i].entry->name[0] == names[i], "%zu is %s", i,
                      domains[i].entry->name);
}

START_TEST(orders)
{
    domains[0].cpu_percent = 1;
    domains[1].cpu_percent = 50;
    domains[2].devices.net_received_bytes = 9;
    domains[0].devices.disk_read_bytes = 1;
    expect_order(ORDER_ID, false, "cab");
    expect_order(ORDER_NAME, false, "abc");
    expect_order(ORDER_NAME, true, "cba");
    expect_order(ORDER_CPU, false, "acb");
    expect_order(ORDER_MEMORY, false, "cba");
    expect_order(ORDER_NET, false, "bca");
    expect_order(ORDER_DISK, false, "cab");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sample");
    TCase *tests = tcase_create("sample");

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, devices_are_counted);
    tcase_add_test(tests, strange_names_count_nothing);
    tcase_add_test(tests, nothing_there);
    tcase_add_test(tests, orders);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
