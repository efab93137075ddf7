/* SPDX-License-Identifier: MIT */
/*
 * Address: the paths, and taking them away again so that nothing is left.
 */
#include "device/address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *device_class(enum device_kind kind)
{
    return kind == DEVICE_DISK ? "vbd" : "vif";
}

const char *device_word(enum device_kind kind)
{
    return kind == DEVICE_DISK ? "disk" : "interface";
}

static const char *slash(const char *name)
{
    return name[0] ? "/" : "";
}

void device_backend(const struct device_address *address, const char *name, char path[DEVICE_PATH])
{
    snprintf(path, DEVICE_PATH, "/local/domain/0/backend/%s/%u/%u%s%s", device_class(address->kind),
             address->domid, address->id, slash(name), name);
}

void device_frontend(const struct device_address *address, const char *name, char path[DEVICE_PATH])
{
    snprintf(path, DEVICE_PATH, "/local/domain/%u/device/%s/%u%s%s", address->domid,
             device_class(address->kind), address->id, slash(name), name);
}

void device_record(const struct device_address *address, const char *name, char path[DEVICE_PATH])
{
    snprintf(path, DEVICE_PATH, DEVICE_RECORD "/%s/%u%s%s", address->domid,
             device_word(address->kind), address->id, slash(name), name);
}

int device_numbers(struct store_client *store, store_tx_t tx, unsigned domid, enum device_kind kind,
                   unsigned **numbers, size_t *nr)
{
    char path[DEVICE_PATH], **names;
    size_t nr_names;

    *numbers = NULL;
    *nr = 0;
    snprintf(path, sizeof(path), DEVICE_RECORD "/%s", domid, device_word(kind));
    int rc = store_list(store, tx, path, &names, &nr_names);
    if (rc)
        return rc == -ENOENT ? 0 : rc;
    *numbers = calloc(nr_names + 1, sizeof(**numbers));
    for (size_t i = 0; *numbers && i < nr_names; i++)
        if (sscanf(names[i], "%u", &(*numbers)[*nr]) == 1)
            ++*nr;
    free(names);
    return *numbers ? 0 : -ENOMEM;
}

int device_record_read(struct store_client *store, store_tx_t tx,
                       const struct device_address *address, const char *name, char **value)
{
    char path[DEVICE_PATH];

    device_record(address, name, path);
    int rc = store_read(store, tx, path, value, NULL);
    return rc == -ENOENT ? 0 : rc;
}

/* Removes the folder, and each above it that is then empty, down to the first `keep` bytes. */
static int prune(struct store_client *store, store_tx_t tx, char *path, size_t keep)
{
    char **names;
    size_t nr = 0;
    int rc = store_rm(store, tx, path);

    while (rc == 0) {
        char *end = strrchr(path, '/');
        if ((size_t)(end - path) <= keep)
            break;
        *end = '\0';
        rc = store_list(store, tx, path, &names, &nr);
        if (rc == -ENOENT) {
            rc = 0;
            continue;
        }
        free(names);
        if (rc || nr > 0)
            break;
        rc = store_rm(store, tx, path);
    }
    return rc;
}

static int ends_remove(struct store_client *store, store_tx_t tx,
                       const struct device_address *address)
{
    char path[DEVICE_PATH];

    device_backend(address, "", path);
    int rc = prune(store, tx, path, strlen("/local/domain/0"));
    device_frontend(address, "", path);
    if (rc == 0)
        rc = prune(store, tx, path, (size_t)(strstr(path, "/device/") - path) + strlen("/device"));
    return rc;
}

static int record_remove(struct store_client *store, store_tx_t tx,
                         const struct device_address *address)
{
    char path[DEVICE_PATH];

    device_record(address, "", path);
    return prune(store, tx, path, (size_t)(strstr(path, "/device/") - path));
}

/* Runs it in a transaction of its own, as often as it takes. */
static int transact(struct store_client *store, const struct device_address *address,
                    int (*change)(struct store_client *store, store_tx_t tx,
                                  const struct device_address *address))
{
    store_tx_t tx;
    int rc;

    do {
        rc = store_begin(store, &tx);
        if (rc)
            return rc;
        rc = change(store, tx, address);
        int rc_end = store_end(store, tx, rc == 0);
        rc = rc ? rc : rc_end;
    } while (rc == -EAGAIN);
    return rc;
}

int device_ends_remove(struct store_client *store, const struct device_address *address)
{
    return transact(store, address, ends_remove);
}

int device_record_remove(struct store_client *store, const struct device_address *address)
{
    return transact(store, address, record_remove);
}
