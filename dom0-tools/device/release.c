/* SPDX-License-Identifier: MIT */
/*
 * Release: ends first, so that nothing is served any more; then the loop device; then the record,
 * which has to outlive all it speaks of.
 */
#include "device/release.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "device/ends.h"

void device_loop_tag(const struct device_address *address, char tag[LOOP_TAG_SIZE])
{
    snprintf(tag, LOOP_TAG_SIZE, LOOP_TAG "%u %u", address->domid, address->id);
}

static int free_loop(struct store_client *store, const struct device_address *address)
{
    char tag[LOOP_TAG_SIZE], path[DEVICE_PATH];
    uint64_t number;

    device_record(address, "loop", path);
    int rc = store_read_u64(store, 0, path, &number);
    if (rc)
        return rc == -ENOENT ? 0 : rc;
    device_loop_tag(address, tag);
    return loop_detach((unsigned)number, tag);
}

/* All that is left once the ends are closed. */
static int give_back(struct store_client *store, const struct device_address *address)
{
    int rc = device_ends_remove(store, address);

    if (rc == 0 && address->kind == DEVICE_DISK)
        rc = free_loop(store, address);
    return rc ? rc : device_record_remove(store, address);
}

int device_detach(struct store_client *store, const struct device_address *address, bool force,
                  int timeout_ms)
{
    int rc = ends_close(store, address, force, timeout_ms);

    return rc ? rc : give_back(store, address);
}

int device_release(struct store_client *store, const struct device_address *address)
{
    int rc = ends_close(store, address, true, BACKEND_MS);

    /* Without its nodes a back end that hangs is at least found by no one else. */
    return rc && rc != -ETIMEDOUT ? rc : give_back(store, address);
}

static int release_kind(struct store_client *store, unsigned domid, enum device_kind kind)
{
    unsigned *numbers;
    size_t nr;
    int first = device_numbers(store, 0, domid, kind, &numbers, &nr);

    for (size_t i = 0; i < nr; i++) {
        struct device_address address = { kind, domid, numbers[i] };
        int rc = device_release(store, &address);
        first = first ? first : rc;
    }
    free(numbers);
    return first;
}

int devices_release(struct store_client *store, unsigned domid, struct failure *failure)
{
    int rc = release_kind(store, domid, DEVICE_DISK);
    int rc_interfaces = release_kind(store, domid, DEVICE_INTERFACE);

    rc = rc ? rc : rc_interfaces;
    return rc ? failure_set(failure, FAILURE_OPERATION, rc,
                            "cannot give back the devices of domain %u", domid)
              : 0;
}
