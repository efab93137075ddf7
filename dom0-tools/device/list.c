/* SPDX-License-Identifier: MIT */
/*
 * List: the devices of a domain from their records, and finding one by a name.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "device/disk_name.h"
#include "device/ends.h"
#include "device/release.h"

static int read_strings(struct store_client *store, const struct device_address *address,
                        struct device_info *info)
{
    bool is_disk = address->kind == DEVICE_DISK;
    int rc = device_record_read(store, 0, address, "target", &info->target);

    if (rc == 0)
        rc = device_record_read(store, 0, address, "source", &info->source);
    if (rc == 0)
        rc = device_record_read(store, 0, address, is_disk ? "served" : "mac", &info->backend);
    return rc;
}

/* What is absent because the device is half made, or half gone, is an empty string. */
static int fill_strings(struct device_info *info)
{
    char **strings[] = { &info->target, &info->source, &info->backend };

    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        if (!*strings[i])
            *strings[i] = strdup("");
        if (!*strings[i])
            return -ENOMEM;
    }
    return 0;
}

static int read_info(struct store_client *store, const struct device_address *address,
                     struct device_info *info)
{
    *info = (struct device_info){ .kind = address->kind, .id = address->id };
    int rc = read_strings(store, address, info);
    if (rc == 0)
        rc = fill_strings(info);
    if (rc == 0 && address->kind == DEVICE_DISK) {
        char *claim;
        rc = device_record_read(store, 0, address, "claim", &claim);
        info->readonly = claim && strstr(claim, " r");
        free(claim);
    }
    return rc ? rc : ends_state(store, address, &info->state);
}

static int compare_ids(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

    return x < y ? -1 : x > y;
}

int devices_list(struct store_client *store, unsigned domid, enum device_kind kind,
                 struct device_info **list, size_t *nr)
{
    unsigned *numbers;
    size_t nr_numbers;
    int rc = device_numbers(store, 0, domid, kind, &numbers, &nr_numbers);

    *list = NULL;
    *nr = 0;
    if (rc)
        return rc;
    if (nr_numbers)
        qsort(numbers, nr_numbers, sizeof(numbers[0]), compare_ids);
    *list = calloc(nr_numbers + 1, sizeof(**list));
    if (!*list)
        rc = -ENOMEM;
    while (rc == 0 && *nr < nr_numbers) {
        struct device_address address = { kind, domid, numbers[*nr] };
        rc = read_info(store, &address, &(*list)[(*nr)++]);
    }
    free(numbers);
    if (rc) {
        devices_free(*list, *nr);
        *list = NULL;
        *nr = 0;
    }
    return rc;
}

void devices_free(struct device_info *list, size_t nr)
{
    for (size_t i = 0; i < nr; i++) {
        free(list[i].target);
        free(list[i].source);
        free(list[i].backend);
    }
    free(list);
}

static bool is_meant(const struct device_info *info, const char *name)
{
    char number[12];

    snprintf(number, sizeof(number), "%u", info->id);
    return strcmp(info->target, name) == 0 || strcmp(number, name) == 0 ||
           (info->kind == DEVICE_INTERFACE && strcasecmp(info->backend, name) == 0);
}

static int find_device(struct store_client *store, enum device_kind kind, unsigned domid,
                       const char *name, struct device_address *address, struct failure *failure)
{
    struct device_info *list;
    size_t nr;
    int rc = devices_list(store, domid, kind, &list, &nr);

    if (rc)
        return failure_set(failure, FAILURE_OPERATION, rc, "cannot list the devices of domain %u",
                           domid);
    rc = -ENOENT;
    for (size_t i = 0; rc && i < nr; i++) {
        if (!is_meant(&list[i], name))
            continue;
        *address = (struct device_address){ kind, domid, list[i].id };
        rc = 0;
    }
    devices_free(list, nr);
    return rc ? failure_set(failure, FAILURE_OPERATION, rc, "domain %u: no %s %s", domid,
                            device_word(kind), name)
              : 0;
}

static int detach(struct store_client *store, enum device_kind kind, unsigned domid,
                  const char *name, bool force, int timeout_ms, struct failure *failure)
{
    struct device_address address;
    int rc = find_device(store, kind, domid, name, &address, failure);

    if (rc)
        return rc;
    rc = device_detach(store, &address, force, timeout_ms);
    if (rc == -ETIMEDOUT)
        return failure_set(failure, FAILURE_OPERATION, rc,
                           "%s %s: the guest did not let go of it within %d s; --force takes it",
                           device_word(kind), name, timeout_ms / 1000);
    return rc ? failure_set(failure, FAILURE_OPERATION, rc, "cannot detach %s %s",
                            device_word(kind), name)
              : 0;
}

int disk_detach(struct store_client *store, unsigned domid, const char *name, bool force,
                int timeout_ms, struct failure *failure)
{
    return detach(store, DEVICE_DISK, domid, name, force, timeout_ms, failure);
}

int interface_detach(struct store_client *store, unsigned domid, const char *name, bool force,
                     int timeout_ms, struct failure *failure)
{
    return detach(store, DEVICE_INTERFACE, domid, name, force, timeout_ms, failure);
}
