/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0-tools/device/host_claim.c: a disk that dom0 has mounted is not given away, and
 * never because memory ran out while the mounts were looked at.
 *
 * The block device is a file that fstat() is made to call one; the list of mounts is the test's.
 */
#include "../memory.h"
#include "../suite.h"

#include <check.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "device/claim.h"
#include "kernel.h"

#define DEVICE makedev(202, 1) /* no kernel of today has it itself */

static int disk = -1;
static struct failure failure;

int __real_fstat64(int fd, struct stat *status);
int __wrap_fstat64(int fd, struct stat *status);
int __wrap_fstat64(int fd, struct stat *status)
{
    int rc = __real_fstat64(fd, status);

    if (rc == 0 && fd == disk) {
        status->st_mode = S_IFBLK | 0600;
        status->st_rdev = DEVICE;
    }
    return rc;
}

static void write_mounts(const char *lines)
{
    FILE *file = fopen(HOST_MOUNTS, "w");

    ck_assert_ptr_nonnull(file);
    fprintf(file, "22 27 0:21 / /proc rw,relatime - proc proc rw\n%s", lines);
    ck_assert_int_eq(fclose(file), 0);
}

static int ask(bool readonly)
{
    struct claim claim = { .readonly = readonly };

    failure = (struct failure){ .kind = FAILURE_NONE };
    int rc = extent_of_fd(disk, 0, 0, &claim.extent);
    return rc ? failure_set(&failure, FAILURE_OPERATION, rc, "what it lies on")
              : claim_check_host(disk, "/dev/x", &claim, &failure);
}

/* The answer, and that no lack of memory turns it into another one. */
static void expect(bool readonly, int expected, const char *why)
{
    unsigned at = 1;
    int rc;

    for (;; at++) {
        memory_fail(at);
        rc = ask(readonly);
        if (!memory_failed())
            break;
        ck_assert_msg(rc == -ENOMEM && failure.kind != FAILURE_NONE, "allocation %u: %d", at, rc);
    }
    ck_assert_msg(rc == expected, "%d: %s", rc, failure.text);
    ck_assert_msg(strstr(failure.text, why) != NULL, "%s", failure.text);
    ck_assert_uint_gt(at, 4);
}

START_TEST(mounts)
{
    write_mounts("30 27 202:1 / /srv/data rw - ext4 /dev/x rw\n");
    expect(false, -EBUSY, "mounted on /srv/data");
    expect(true, -EBUSY, "mounted on /srv/data");
    write_mounts("30 27 202:1 / /srv/data ro - ext4 /dev/x ro\n");
    expect(false, -EBUSY, "mounted on /srv/data");
    expect(true, 0, "");
    write_mounts("30 27 202:2 / /srv/data rw - ext4 /dev/y rw\n");
    expect(false, 0, "");
}
END_TEST

static void set_up(void)
{
    char path[] = "/tmp/lamina-mounts.XXXXXX";

    fake_begin();
    disk = mkstemp(path);
    ck_assert_int_ge(disk, 0);
    unlink(path);
}

static void tear_down(void)
{
    close(disk);
    unlink(HOST_MOUNTS);
    fake_end();
}

int main(void)
{
    Suite *suite = suite_create("mounts");
    TCase *tests = tcase_create("mounts");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, mounts);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
