/* SPDX-License-Identifier: MIT */
/*
 * Tests of attaching, listing, detaching and releasing devices against the real store daemon and a
 * stand-in for the kernel; above all: killed at every step, everything is given back.
 */
#include "../suite.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig.h"

static void expect_node(const char *path, const char *expected, const char *expected_perms)
{
    char *value, *perms;

    ck_assert_msg(store_read(store, 0, path, &value, NULL) == 0, "no %s", path);
    ck_assert_str_eq(value, expected);
    ck_assert_int_eq(store_get_perms(store, path, &perms), 0);
    ck_assert_str_eq(perms, expected_perms);
    free(value);
    free(perms);
}

static void expect_failure(int rc, int expected, enum failure_kind kind, const char *part)
{
    ck_assert_msg(rc == expected, "%d: %s", rc, failure.text);
    ck_assert_int_eq(failure.kind, kind);
    ck_assert_msg(strstr(failure.text, part) != NULL, "'%s' is not in: %s", part, failure.text);
    failure.kind = FAILURE_NONE;
}

static void attach(unsigned domid, const struct domain_disk *what)
{
    int rc = disk_attach(store, domid, what, &failure);

    ck_assert_msg(rc == 0, "%s", failure.text);
}

START_TEST(disk_has_its_nodes)
{
    char *before = whole_store();

    attach(DOMID, &disk);
    expect_node("/local/domain/0/backend/vbd/3/51712/params", "/dev/loop0", "n0 r3");
    expect_node("/local/domain/0/backend/vbd/3/51712/physical-device", "7:0", "n0 r3");
    expect_node("/local/domain/0/backend/vbd/3/51712/mode", "w", "n0 r3");
    expect_node("/local/domain/0/backend/vbd/3/51712/hotplug-status", "connected", "n0 r3");
    expect_node("/local/domain/0/backend/vbd/3/51712/frontend", "/local/domain/3/device/vbd/51712",
                "n0 r3");
    expect_node("/local/domain/0/backend/vbd/3/51712/online", "1", "n0 r3");
    expect_node("/local/domain/0/backend/vbd/3/51712/state", "2", "n0 r3");
    expect_node("/local/domain/3/device/vbd/51712/backend", "/local/domain/0/backend/vbd/3/51712",
                "n3 r0");
    expect_node("/local/domain/3/device/vbd/51712/virtual-device", "51712", "n3 r0");
    expect_node("/local/domain/3/device/vbd/51712/state", "1", "n3 r0");
    expect_node("/lamina/domain/3/device/disk/51712/loop", "0", "n0");
    ck_assert_uint_eq(nr_loops(), 1);
    ck_assert_int_eq(disk_detach(store, DOMID, "xvda", false, 10000, &failure), 0);
    char *after = whole_store();
    ck_assert_str_eq(after, before);
    ck_assert_uint_eq(nr_loops(), 0);
    free(before);
    free(after);
}
END_TEST

START_TEST(disk_modes)
{
    disk.readonly = disk.cdrom = disk.discard = true;
    disk.has_slice = true;
    disk.slice_offset = 4096;
    disk.slice_size = 8192;
    attach(DOMID, &disk);
    ck_assert_uint_eq(fake->loops[0].info.lo_offset, 4096);
    ck_assert_uint_eq(fake->loops[0].info.lo_sizelimit, 8192);
    ck_assert(fake->loops[0].info.lo_flags & LO_FLAGS_READ_ONLY);
    expect_node("/local/domain/0/backend/vbd/3/51712/mode", "r", "n0 r3");
    expect_node("/local/domain/0/backend/vbd/3/51712/device-type", "cdrom", "n0 r3");
    expect_node("/local/domain/0/backend/vbd/3/51712/discard-enable", "1", "n0 r3");
    ck_assert_int_eq(devices_release(store, DOMID, &failure), 0);
}
END_TEST

START_TEST(disk_that_cannot_be)
{
    char *before = whole_store();
    struct domain_disk bad = disk;

    bad.source = "/tmp/lamina-no-such-file";
    expect_failure(disk_attach(store, DOMID, &bad, &failure), -ENOENT, FAILURE_CONFIG,
                   "No such file");
    bad.source = "/dev/null";
    expect_failure(disk_attach(store, DOMID, &bad, &failure), -EINVAL, FAILURE_CONFIG,
                   "no regular file");
    bad = disk;
    bad.source_type = DISK_BLOCK;
    expect_failure(disk_attach(store, DOMID, &bad, &failure), -ENOTBLK, FAILURE_CONFIG,
                   "no block device");
    bad = disk;
    bad.target = "hdx";
    expect_failure(disk_attach(store, DOMID, &bad, &failure), -EINVAL, FAILURE_CONFIG,
                   "no device number");
    bad = disk;
    bad.has_slice = true;
    bad.slice_offset = 512;
    bad.slice_size = 1 << 20;
    expect_failure(disk_attach(store, DOMID, &bad, &failure), -EINVAL, FAILURE_CONFIG,
                   "beyond its end");
    bad.slice_offset = INT64_MAX - 511;
    expect_failure(disk_check(store, &bad, &failure), -EINVAL, FAILURE_CONFIG, "beyond its end");
    ck_assert_int_eq(truncate(other_image, 0), 0);
    bad = disk;
    bad.source = other_image;
    expect_failure(disk_attach(store, DOMID, &bad, &failure), -EINVAL, FAILURE_CONFIG, "empty");
    char *after = whole_store();
    ck_assert_str_eq(after, before);
    ck_assert_uint_eq(nr_loops(), 0);
    free(before);
    free(after);
}
END_TEST

START_TEST(disk_in_use)
{
    struct domain_disk second = disk;

    attach(DOMID, &disk);
    expect_failure(disk_attach(store, DOMID, &disk, &failure), -EEXIST, FAILURE_CONFIG,
                   "domain 3 has a disk xvda already");
    second.target = "xvdb";
    expect_failure(disk_attach(store, DOMID, &second, &failure), -EBUSY, FAILURE_CONFIG,
                   "domain 3 three has it as xvda");
    expect_failure(disk_attach(store, 4, &disk, &failure), -EBUSY, FAILURE_CONFIG,
                   "domain 3 three has it as xvda");
    second.readonly = true;
    expect_failure(disk_check(store, &second, &failure), -EBUSY, FAILURE_CONFIG, "<readonly/>");
    second = disk;
    second.source = other_image;
    attach(4, &second);
    ck_assert_int_eq(devices_release(store, DOMID, &failure), 0);
    second = disk;
    attach(DOMID, &second);
    ck_assert_int_eq(devices_release(store, DOMID, &failure), 0);
    ck_assert_int_eq(devices_release(store, 4, &failure), 0);
}
END_TEST

START_TEST(disk_used_twice_by_agreement)
{
    struct domain_disk second = disk;

    disk.readonly = second.readonly = true;
    attach(DOMID, &disk);
    attach(4, &second);
    ck_assert_int_eq(devices_release(store, 4, &failure), 0);
    ck_assert_int_eq(devices_release(store, DOMID, &failure), 0);
    disk.readonly = second.readonly = false;
    disk.shareable = second.shareable = true;
    attach(DOMID, &disk);
    attach(4, &second);
    ck_assert_int_eq(devices_release(store, 4, &failure), 0);
    ck_assert_int_eq(devices_release(store, DOMID, &failure), 0);
    disk.shareable = second.shareable = false;
    disk.has_slice = second.has_slice = true;
    disk.slice_size = second.slice_size = second.slice_offset = 4096;
    attach(DOMID, &disk);
    attach(4, &second);
    second.slice_offset = 8192 - 512;
    second.target = "xvdb";
    expect_failure(disk_attach(store, 4, &second, &failure), -EBUSY, FAILURE_CONFIG, "domain 4");
    ck_assert_int_eq(devices_release(store, 4, &failure), 0);
    ck_assert_int_eq(devices_release(store, DOMID, &failure), 0);
}
END_TEST

START_TEST(loop_device_stolen)
{
    fake->nr_stolen = 2;
    attach(DOMID, &disk);
    expect_node("/lamina/domain/3/device/disk/51712/served", "/dev/loop2", "n0");
    ck_assert_int_eq(devices_release(store, DOMID, &failure), 0);
    /* Those of others stay. */
    ck_assert_uint_eq(nr_loops(), 2);
    fake->nr_stolen = 2;
    expect_failure(disk_attach(store, DOMID, &disk, &failure), -ENOSPC, FAILURE_OPERATION,
                   "no loop device");
    ck_assert_uint_eq(nr_loops(), 4);
}
END_TEST

START_TEST(back_end_gives_up)
{
    char *before = whole_store();

    fake->gives_up = true;
    expect_failure(disk_attach(store, DOMID, &disk, &failure), -EIO, FAILURE_OPERATION, "gave up");
    char *after = whole_store();
    ck_assert_str_eq(after, before);
    ck_assert_uint_eq(nr_loops(), 0);
    free(before);
    free(after);
}
END_TEST

START_TEST(guest_that_does_not_let_go)
{
    char *before = whole_store();

    attach(DOMID, &disk);
    ck_assert_int_eq(store_write(store, 0, "/local/domain/3/device/vbd/51712/state", "4"), 0);
    ck_assert_int_eq(store_write(store, 0, "/local/domain/0/backend/vbd/3/51712/state", "4"), 0);
    fake->guest_lets_go = false;
    expect_failure(disk_detach(store, DOMID, "xvda", false, 50, &failure), -ETIMEDOUT,
                   FAILURE_OPERATION, "--force");
    ck_assert_uint_eq(nr_loops(), 1);
    ck_assert_int_eq(disk_detach(store, DOMID, "xvda", true, 10000, &failure), 0);
    char *after = whole_store();
    ck_assert_str_eq(after, before);
    free(before);
    free(after);
}
END_TEST

/* Whatever a guest writes into its own nodes, giving back works from what it cannot write. */
START_TEST(hostile_front_end)
{
    static const char *const states[] = { "", "9", "-1", "44", "4294967300", "x", " 6" };
    char *before = whole_store();

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        const char *front = "/local/domain/3/device/vbd/51712";
        char path[96];
        attach(DOMID, &disk);
        snprintf(path, sizeof(path), "%s/backend", front);
        ck_assert_int_eq(store_write(store, 0, path, "/local/domain/4/device"), 0);
        snprintf(path, sizeof(path), "%s/state", front);
        ck_assert_int_eq(store_write(store, 0, path, states[i]), 0);
        snprintf(path, sizeof(path), "%s/loop", front);
        ck_assert_int_eq(store_write(store, 0, path, "3"), 0);
        ck_assert_int_eq(devices_release(store, DOMID, &failure), 0);
        ck_assert_uint_eq(nr_loops(), 0);
    }
    char *after = whole_store();
    ck_assert_str_eq(after, before);
    free(before);
    free(after);
}
END_TEST

START_TEST(interface_has_its_nodes)
{
    char *before = whole_store();
    struct device_info *list;
    size_t nr;

    interface.has_mac = true;
    memcpy(interface.mac, (uint8_t[]){ 0, 0x16, 0x3e, 1, 2, 3 }, 6);
    interface.mtu = 9000;
    interface.out_average_kibs = 1000;
    int rc = interface_attach(store, DOMID, 0, &interface, &failure);
    ck_assert_msg(rc == 0, "%s", failure.text);
    expect_node("/local/domain/0/backend/vif/3/0/mac", "00:16:3e:01:02:03", "n0 r3");
    expect_node("/local/domain/0/backend/vif/3/0/rate", "51200,50000", "n0 r3");
    expect_node("/local/domain/0/backend/vif/3/0/bridge", "br0", "n0 r3");
    expect_node("/local/domain/0/backend/vif/3/0/hotplug-status", "connected", "n0 r3");
    expect_node("/local/domain/3/device/vif/0/mtu", "9000", "n3 r0");
    ck_assert_str_eq(fake->ports, "vif3.0>br0 ");
    ck_assert_int_eq(devices_list(store, DOMID, DEVICE_INTERFACE, &list, &nr), 0);
    ck_assert_uint_eq(nr, 1);
    ck_assert_str_eq(list[0].target, "vif3.0");
    ck_assert_str_eq(list[0].source, "br0");
    ck_assert_str_eq(list[0].backend, "00:16:3e:01:02:03");
    ck_assert_uint_eq(list[0].state, 2);
    devices_free(list, nr);
    expect_failure(interface_attach(store, DOMID, 0, &interface, &failure), -EEXIST, FAILURE_CONFIG,
                   "already");
    expect_failure(interface_detach(store, DOMID, "vif3.1", false, 10000, &failure), -ENOENT,
                   FAILURE_OPERATION, "vif3.1");
    ck_assert_int_eq(interface_detach(store, DOMID, "00:16:3E:01:02:03", false, 10000, &failure),
                     0);
    char *after = whole_store();
    ck_assert_str_eq(after, before);
    free(before);
    free(after);
}
END_TEST

START_TEST(bridges)
{
    char *before = whole_store();

    interface.bridge = "br7";
    expect_failure(interface_check(&interface, &failure), -ENODEV, FAILURE_CONFIG, "no bridge br7");
    expect_failure(interface_attach(store, DOMID, 0, &interface, &failure), -ENODEV, FAILURE_CONFIG,
                   "leave <source> out");
    interface.bridge = "eth0";
    expect_failure(interface_check(&interface, &failure), -ENOTSUP, FAILURE_CONFIG, "no bridge");
    interface.bridge = "br0";
    interface.target = "taken";
    expect_failure(interface_attach(store, DOMID, 0, &interface, &failure), -EEXIST, FAILURE_CONFIG,
                   "taken");
    char *after = whole_store();
    ck_assert_str_eq(after, before);
    free(before);
    free(after);
    interface = (struct domain_interface){ .link_down = true, .target = "lan0" };
    ck_assert_int_eq(interface_check(&interface, &failure), 0);
    ck_assert_int_eq(interface_attach(store, DOMID, 1, &interface, &failure), 0);
    ck_assert_str_eq(fake->bridge, DEVICE_DEFAULT_BRIDGE);
    ck_assert_str_eq(fake->ports, "lan0>lamina0 down ");
    ck_assert_int_eq(devices_release(store, DOMID, &failure), 0);
}
END_TEST

START_TEST(lists)
{
    struct domain_disk second = disk;
    struct device_info *list;
    size_t nr;

    ck_assert_int_eq(devices_list(store, DOMID, DEVICE_DISK, &list, &nr), 0);
    ck_assert_uint_eq(nr, 0);
    devices_free(list, nr);
    second.source = other_image;
    second.target = "hda";
    second.readonly = true;
    attach(DOMID, &disk);
    attach(DOMID, &second);
    ck_assert_int_eq(devices_list(store, DOMID, DEVICE_DISK, &list, &nr), 0);
    ck_assert_uint_eq(nr, 2);
    ck_assert_uint_eq(list[0].id, 768);
    ck_assert_str_eq(list[0].target, "hda");
    ck_assert(list[0].readonly && !list[1].readonly);
    ck_assert_str_eq(list[1].target, "xvda");
    ck_assert_str_eq(list[1].source, image);
    ck_assert_str_eq(list[1].backend, "/dev/loop0");
    devices_free(list, nr);
    ck_assert_int_eq(devices_release(store, DOMID, &failure), 0);
    ck_assert_int_eq(devices_release(store, DOMID, &failure), 0);
}
END_TEST

/* ---- killed at every step ---- */

/* In a process that dies at a step: true when it came to its end before. */
static bool run_to_step(int (*act)(struct store_client *own), unsigned number)
{
    int status;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct store_client *own;
        if (store_open(&own, 10000) != 0)
            _exit(1);
        fake_die_at(number);
        _exit(act(own) == 0 ? 0 : 2);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_msg(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == DIED, "step %u: exit %d",
                  number, WEXITSTATUS(status));
    return WEXITSTATUS(status) == 0;
}

static void killed_at_every_step(int (*prepare)(struct store_client *own),
                                 int (*act)(struct store_client *own))
{
    char *before = whole_store();
    unsigned step = 0;
    bool is_through;

    do {
        step++;
        if (prepare)
            ck_assert_msg(prepare(store) == 0, "%s", failure.text);
        is_through = run_to_step(act, step);
        int rc = devices_release(store, DOMID, &failure);
        ck_assert_msg(rc == 0, "step %u: %s", step, failure.text);
        char *after = whole_store();
        ck_assert_msg(strcmp(after, before) == 0, "step %u left:\n%s", step, after);
        free(after);
        ck_assert_uint_eq(nr_loops(), 0);
    } while (!is_through);
    ck_assert_uint_gt(step, 10);
    free(before);
}

START_TEST(killed_while_attaching_a_disk)
{
    killed_at_every_step(NULL, attach_disk);
}
END_TEST

START_TEST(killed_while_attaching_an_interface)
{
    killed_at_every_step(NULL, attach_interface);
}
END_TEST

START_TEST(killed_while_detaching)
{
    killed_at_every_step(attach_disk, detach_disk);
}
END_TEST

START_TEST(killed_while_releasing)
{
    killed_at_every_step(attach_disk, release_all);
    killed_at_every_step(attach_interface, release_all);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("devices");
    TCase *tests = tcase_create("devices");

    tcase_add_checked_fixture(tests, rig_begin, rig_end);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, disk_has_its_nodes);
    tcase_add_test(tests, disk_modes);
    tcase_add_test(tests, disk_that_cannot_be);
    tcase_add_test(tests, disk_in_use);
    tcase_add_test(tests, disk_used_twice_by_agreement);
    tcase_add_test(tests, loop_device_stolen);
    tcase_add_test(tests, back_end_gives_up);
    tcase_add_test(tests, guest_that_does_not_let_go);
    tcase_add_test(tests, hostile_front_end);
    tcase_add_test(tests, interface_has_its_nodes);
    tcase_add_test(tests, bridges);
    tcase_add_test(tests, lists);
    tcase_add_test(tests, killed_while_attaching_a_disk);
    tcase_add_test(tests, killed_while_attaching_an_interface);
    tcase_add_test(tests, killed_while_detaching);
    tcase_add_test(tests, killed_while_releasing);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
