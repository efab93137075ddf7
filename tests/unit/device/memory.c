/* SPDX-License-Identifier: MIT */
/*
 * Devices when memory runs out: each allocation of attaching, listing, detaching and releasing
 * fails in turn. What is refused says why and leaves store, loop devices and descriptors as they
 * were, or, for what takes away, lets itself be done again; nothing is half done for good.
 */
#include "../memory.h"
#include "../suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../descriptors.h"
#include "rig.h"

static int list_all(struct store_client *own)
{
    struct device_info *list;
    size_t nr;
    int rc = devices_list(own, DOMID, DEVICE_DISK, &list, &nr);

    devices_free(list, nr);
    return rc == 0 && nr != 1 ? -EIO : rc;
}

static int check_other_disk(struct store_client *own)
{
    struct domain_disk other = disk;

    other.source = other_image;
    return disk_check(own, &other, &failure);
}

static void must(int (*act)(struct store_client *own))
{
    int rc = act ? act(store) : 0;

    ck_assert_msg(rc == 0, "%d: %s", rc, failure.text);
}

/* What there is: the store, and loop devices in use. To be freed. */
static char *state(void)
{
    char *nodes = whole_store(), *text;

    ck_assert_int_gt(asprintf(&text, "%sloops %u\n", nodes, nr_loops()), 0);
    free(nodes);
    return text;
}

/* What an operation starts from and what it leads to. */
static const struct operation {
    const char *name;
    int (*prepare)(struct store_client *own), (*act)(struct store_client *own);
    bool is_all_or_nothing; /* else it is done again */
    bool says_why;
} operations[] = {
    { "attach a disk", NULL, attach_disk, true, true },
    { "attach an interface", NULL, attach_interface, true, true },
    { "check a disk", attach_disk, check_other_disk, true, true },
    { "list", attach_disk, list_all, true, false },
    { "detach a disk", attach_disk, detach_disk, false, true },
    { "detach an interface", attach_interface, detach_interface, false, true },
    { "release a disk", attach_disk, release_all, false, true },
    { "release an interface", attach_interface, release_all, false, true },
};

/* One round: true when the allocation that was to fail was not reached. */
static bool fail_at(const struct operation *this, unsigned at, const char *after)
{
    must(this->prepare);
    char *before = state();
    unsigned nr_before = nr_descriptors();
    failure = (struct failure){ .kind = FAILURE_NONE };
    memory_fail(at);
    int rc = this->act(store);
    bool failed = memory_failed();
    ck_assert_msg(failed || rc == 0, "%s: %d: %s", this->name, rc, failure.text);
    ck_assert_uint_eq(nr_descriptors(), nr_before);
    if (rc && this->says_why)
        ck_assert_msg(failure.kind != FAILURE_NONE && failure.text[0], "%s: allocation %u: %d",
                      this->name, at, rc);
    if (rc && !this->is_all_or_nothing)
        must(this->act);
    char *now = state();
    ck_assert_msg(strcmp(now, rc && this->is_all_or_nothing ? before : after) == 0,
                  "%s: allocation %u: %d: %s leaves\n%s", this->name, at, rc, failure.text, now);
    must(release_all);
    free(before);
    free(now);
    return !failed;
}

START_TEST(each_allocation)
{
    const struct operation *this = &operations[_i];
    unsigned at = 1;

    must(this->prepare);
    must(this->act);
    char *after = state();
    must(release_all);
    while (!fail_at(this, at, after))
        at++;
    ck_assert_uint_gt(at, 5);
    free(after);
}
END_TEST

static void set_up(void)
{
    rig_begin();
    interface.has_mac = true; /* else each has another one */
    memcpy(interface.mac, (uint8_t[]){ 0, 0x16, 0x3e, 1, 2, 3 }, 6);
}

int main(void)
{
    Suite *suite = suite_create("devices, memory");
    TCase *tests = tcase_create("memory");

    tcase_add_checked_fixture(tests, set_up, rig_end);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, each_allocation, 0, sizeof(operations) / sizeof(operations[0]));
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
