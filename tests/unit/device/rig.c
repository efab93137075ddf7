/* SPDX-License-Identifier: MIT */
/*
 * Rig: the store daemon, two domains in it, the stand-in for the kernel and two disk images.
 */
#include "rig.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../store/daemon.h"

static struct test_daemon daemon_;
struct store_client *store;
char image[64], other_image[64];
struct domain_disk disk;
struct domain_interface interface;
struct failure failure;

static void make_image(char path[64])
{
    strcpy(path, "/tmp/lamina-device-XXXXXX");
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, 1 << 20), 0);
    close(fd);
}

void rig_begin(void)
{
    fake_begin();
    daemon_prepare(&daemon_);
    daemon_begin(&daemon_);
    ck_assert_int_eq(store_open(&store, 10000), 0);
    ck_assert_int_eq(store_write(store, 0, "/lamina/domain/3/name", "three"), 0);
    ck_assert_int_eq(store_write(store, 0, "/lamina/domain/4/name", "four"), 0);
    ck_assert_int_eq(store_mkdir(store, 0, "/local/domain/0"), 0);
    ck_assert_int_eq(store_mkdir(store, 0, "/local/domain/3/device"), 0);
    ck_assert_int_eq(store_mkdir(store, 0, "/local/domain/4/device"), 0);
    fake_back_ends_begin();
    make_image(image);
    make_image(other_image);
    disk = (struct domain_disk){ .source_type = DISK_FILE, .source = image, .target = "xvda" };
    interface = (struct domain_interface){ .bridge = "br0" };
    failure.kind = FAILURE_NONE;
}

void rig_end(void)
{
    fake_back_ends_end();
    store_close(store);
    daemon_finish(&daemon_);
    unlink(image);
    unlink(other_image);
    fake_end();
}

/* ---- the whole store as one text ---- */

static void dump(const char *path, char **text)
{
    char below[256], *value, *perms, **names, *longer;
    size_t nr;

    ck_assert_int_eq(store_read(store, 0, path, &value, NULL), 0);
    ck_assert_int_eq(store_get_perms(store, path, &perms), 0);
    ck_assert_int_gt(asprintf(&longer, "%s%s=%s (%s)\n", *text, path, value, perms), 0);
    free(*text);
    free(value);
    free(perms);
    *text = longer;
    ck_assert_int_eq(store_list(store, 0, path, &names, &nr), 0);
    for (size_t i = 0; i < nr; i++) {
        snprintf(below, sizeof(below), "%s/%s", strcmp(path, "/") == 0 ? "" : path, names[i]);
        dump(below, text);
    }
    free(names);
}

char *whole_store(void)
{
    char *text = strdup("");

    dump("/", &text);
    return text;
}

unsigned nr_loops(void)
{
    unsigned nr = 0;

    for (size_t i = 0; i < FAKE_LOOPS; i++)
        nr += fake->loops[i].in_use;
    return nr;
}

/* ---- what is done to devices ---- */

int attach_disk(struct store_client *own)
{
    return disk_attach(own, DOMID, &disk, &failure);
}

int attach_interface(struct store_client *own)
{
    return interface_attach(own, DOMID, 0, &interface, &failure);
}

int detach_disk(struct store_client *own)
{
    return disk_detach(own, DOMID, "xvda", false, 10000, &failure);
}

int detach_interface(struct store_client *own)
{
    return interface_detach(own, DOMID, "vif3.0", false, 10000, &failure);
}

int release_all(struct store_client *own)
{
    return devices_release(own, DOMID, &failure);
}
