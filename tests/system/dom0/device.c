/* SPDX-License-Identifier: MIT */
/*
 * The library of devices by hand, for any domain, dom0 itself included; and the store as text.
 *
 * Usage: device disk DOMID SOURCE TARGET [block] [ro] [share] [slice OFFSET SIZE]
 *        device interface DOMID INDEX BRIDGE [KIBS]
 *        device detach DOMID NAME | release DOMID | list DOMID | connected DOMID | dump PATH
 * connected: waits until every device is. What went wrong is one line on standard error.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/device.h"

#define BOUND_MS 30000

static struct store_client *store;
static struct failure failure;

static int attach_disk(int argc, char **argv)
{
    struct domain_disk disk = { .source_type = DISK_FILE, .source = argv[1], .target = argv[2] };

    for (int i = 3; i < argc; i++) {
        disk.readonly = disk.readonly || strcmp(argv[i], "ro") == 0;
        disk.shareable = disk.shareable || strcmp(argv[i], "share") == 0;
        if (strcmp(argv[i], "block") == 0)
            disk.source_type = DISK_BLOCK;
        if (strcmp(argv[i], "slice") == 0 && i + 2 < argc) {
            disk.has_slice = true;
            disk.slice_offset = strtoull(argv[i + 1], NULL, 10);
            disk.slice_size = strtoull(argv[i + 2], NULL, 10);
        }
    }
    return disk_attach(store, (unsigned)atoi(argv[0]), &disk, &failure);
}

static int attach_interface(int argc, char **argv)
{
    struct domain_interface interface = { .bridge = argv[2] };

    if (argc > 3)
        interface.out_average_kibs = strtoull(argv[3], NULL, 10);
    return interface_attach(store, (unsigned)atoi(argv[0]), (unsigned)atoi(argv[1]), &interface,
                            &failure);
}

static int detach(int argc, char **argv)
{
    unsigned domid = (unsigned)atoi(argv[0]);

    (void)argc;
    if (strncmp(argv[1], "vif", 3) == 0)
        return interface_detach(store, domid, argv[1], false, BOUND_MS, &failure);
    return disk_detach(store, domid, argv[1], false, BOUND_MS, &failure);
}

static int release(int argc, char **argv)
{
    (void)argc;
    return devices_release(store, (unsigned)atoi(argv[0]), &failure);
}

static int is_connected(void *context, const char *value)
{
    (void)context;
    if (!value || value[0] == '5' || value[0] == '6')
        return -EIO;
    return value[0] == '4';
}

/* Each device of the kind: printed, or waited for. */
static int each(unsigned domid, enum device_kind kind, bool wait)
{
    struct device_info *list;
    size_t nr;
    int rc = devices_list(store, domid, kind, &list, &nr);

    for (size_t i = 0; rc == 0 && i < nr; i++) {
        char path[96];
        snprintf(path, sizeof(path), "/local/domain/0/backend/%s/%u/%u/state",
                 kind == DEVICE_DISK ? "vbd" : "vif", domid, list[i].id);
        if (wait)
            rc = store_wait(store, path, BOUND_MS, is_connected, NULL);
        else
            printf("%s %s %s %s state %u\n", list[i].target, list[i].source, list[i].backend,
                   list[i].readonly ? "ro" : "rw", list[i].state);
    }
    devices_free(list, nr);
    return rc;
}

static int list_devices(int argc, char **argv)
{
    int rc = each((unsigned)atoi(argv[0]), DEVICE_DISK, false);

    (void)argc;
    return rc ? rc : each((unsigned)atoi(argv[0]), DEVICE_INTERFACE, false);
}

static int connected(int argc, char **argv)
{
    int rc = each((unsigned)atoi(argv[0]), DEVICE_DISK, true);

    (void)argc;
    return rc ? rc : each((unsigned)atoi(argv[0]), DEVICE_INTERFACE, true);
}

static int dump_below(const char *path)
{
    char below[512], *value, **names;
    size_t nr;
    int rc = store_read(store, 0, path, &value, NULL);

    if (rc)
        return rc;
    printf("%s = \"%s\"\n", path, value);
    free(value);
    rc = store_list(store, 0, path, &names, &nr);
    for (size_t i = 0; rc == 0 && i < nr; i++) {
        const char *above = strcmp(path, "/") == 0 ? "" : path;
        if (snprintf(below, sizeof(below), "%s/%s", above, names[i]) < (int)sizeof(below))
            rc = dump_below(below);
    }
    free(names);
    return rc;
}

static int dump(int argc, char **argv)
{
    (void)argc;
    return dump_below(argv[0]);
}

static const struct {
    const char *word;
    int nr;
    int (*act)(int argc, char **argv);
} verbs[] = { { "disk", 3, attach_disk },  { "interface", 3, attach_interface },
              { "detach", 2, detach },     { "release", 1, release },
              { "list", 1, list_devices }, { "connected", 1, connected },
              { "dump", 1, dump } };

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (argc < verbs[i].nr + 2 || strcmp(argv[1], verbs[i].word) != 0)
            continue;
        int rc = store_open(&store, BOUND_MS);
        if (rc == 0)
            rc = verbs[i].act(argc - 2, argv + 2);
        if (rc)
            fprintf(stderr, "device: %s\n", failure.text[0] ? failure.text : strerror(-rc));
        store_close(store);
        return rc ? 1 : 0;
    }
    fprintf(stderr, "device: usage\n");
    return 2;
}
