/* SPDX-License-Identifier: MIT */
/*
 * Nodes: written in one transaction, so that nobody sees half a domain. A new node takes over the
 * permissions of the one above it: only those that differ are told.
 */
#include "domain/nodes.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "domain/uuid.h"

#define TRIES_MAX     100 /* of a transaction that meets others */
#define CONSOLE_LIMIT 1048576
#define VALUE_SIZE    4096 /* what a node of the store may hold */

/* One transaction: the first error stays and makes the rest nothing. */
struct writer {
    struct store_client *store;
    store_tx_t tx;
    unsigned domid;
    const char *root; /* of the paths that follow */
    int rc;
};

void nodes_path(unsigned domid, const char *leaf, char path[NODES_PATH_SIZE])
{
    snprintf(path, NODES_PATH_SIZE, "/local/domain/%u%s%s", domid, leaf[0] ? "/" : "", leaf);
}

static void vm_path(const char *uuid, const char *leaf, char path[NODES_PATH_SIZE])
{
    snprintf(path, NODES_PATH_SIZE, "/vm/%s%s%s", uuid, leaf[0] ? "/" : "", leaf);
}

static void libxl_path(unsigned domid, char path[NODES_PATH_SIZE])
{
    snprintf(path, NODES_PATH_SIZE, "/libxl/%u", domid);
}

__attribute__((format(printf, 3, 4))) static void put(struct writer *writer, const char *leaf,
                                                      const char *format, ...)
{
    char path[NODES_PATH_SIZE], value[VALUE_SIZE];
    va_list arguments;

    if (writer->rc != 0)
        return;
    va_start(arguments, format);
    int length = vsnprintf(value, sizeof(value), format, arguments);
    va_end(arguments);
    snprintf(path, sizeof(path), "%s/%s", writer->root, leaf);
    writer->rc = length < (int)sizeof(value) ?
                     store_write(writer->store, writer->tx, path, value) : -E2BIG;
}

/* A place where the guest writes. */
static void give(struct writer *writer, const char *leaf)
{
    char path[NODES_PATH_SIZE], perms[16];

    put(writer, leaf, "%s", "");
    snprintf(path, sizeof(path), "%s/%s", writer->root, leaf);
    snprintf(perms, sizeof(perms), "n%u", writer->domid);
    if (writer->rc == 0)
        writer->rc = store_set_perms(writer->store, writer->tx, path, perms);
}

/* Begins anew at root, whose nodes the guest may read if so said. */
static void begin(struct writer *writer, const char *root, bool guest_reads)
{
    char perms[24];

    snprintf(perms, sizeof(perms), guest_reads ? "n0 r%u" : "n0", writer->domid);
    writer->root = root;
    if (writer->rc == 0)
        writer->rc = store_rm(writer->store, writer->tx, root);
    if (writer->rc == 0)
        writer->rc = store_mkdir(writer->store, writer->tx, root);
    if (writer->rc == 0)
        writer->rc = store_set_perms(writer->store, writer->tx, root, perms);
}

static void put_vm(struct writer *writer, const char *uuid, const struct domain_nodes *nodes)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    put(writer, "name", "%s", nodes->config->name);
    put(writer, "uuid", "%s", uuid);
    put(writer, "image/ostype", "linux");
    put(writer, "image/kernel", "%s", nodes->kernel);
    if (nodes->config->initrd)
        put(writer, "image/ramdisk", "%s", nodes->config->initrd);
    put(writer, "image/cmdline", "%s", nodes->config->cmdline ? nodes->config->cmdline : "");
    put(writer, "start_time", "%lld.%02ld", (long long)now.tv_sec, now.tv_nsec / 10000000);
}

static void put_vcpus(struct writer *writer, unsigned nr, unsigned nr_max)
{
    char leaf[32];

    for (unsigned i = 0; i < nr_max; i++) {
        snprintf(leaf, sizeof(leaf), "cpu/%u/availability", i);
        put(writer, leaf, "%s", i < nr ? "online" : "offline");
    }
}

static void put_rings(struct writer *writer, const struct domain_nodes *nodes)
{
    put(writer, "store/port", "%u", nodes->store_port);
    put(writer, "store/ring-ref", "%llu", (unsigned long long)nodes->store_mfn);
    put(writer, "console/backend-id", "0");
    put(writer, "console/limit", "%d", CONSOLE_LIMIT);
    put(writer, "console/type", "xenconsoled");
    put(writer, "console/output", "pty");
    put(writer, "console/tty", "%s", "");
    put(writer, "console/port", "%u", nodes->console_port);
    put(writer, "console/ring-ref", "%llu", (unsigned long long)nodes->console_mfn);
}

static void put_guest_places(struct writer *writer)
{
    static const char *const places[] = {
        "control/shutdown",         "control/feature-poweroff", "control/feature-reboot",
        "control/feature-suspend",  "control/sysrq",            "device/suspend/event-channel",
        "data", "drivers", "feature", "attr", "error",
    };

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        give(writer, places[i]);
}

static void put_domain(struct writer *writer, const char *vm, const struct domain_nodes *nodes)
{
    const struct domain_config *config = nodes->config;

    put(writer, "vm", "%s", vm);
    put(writer, "name", "%s", config->name);
    put(writer, "domid", "%u", writer->domid);
    put_vcpus(writer, config->nr_vcpus, config->nr_vcpus_max);
    put(writer, "memory/static-max", "%llu", (unsigned long long)config->memory_kib);
    put(writer, "memory/target", "%llu", (unsigned long long)config->current_memory_kib);
    put(writer, "memory/videoram", "0");
    put(writer, "device", "%s", "");
    put(writer, "control/platform-feature-multiprocessor-suspend", "1");
    put(writer, "control/platform-feature-xs_reset_watches", "1");
    put_guest_places(writer);
    put_rings(writer, nodes);
}

static int write_all_nodes(struct writer *writer, const struct domain_nodes *nodes)
{
    char uuid[UUID_TEXT_SIZE], vm[NODES_PATH_SIZE], own[NODES_PATH_SIZE], libxl[NODES_PATH_SIZE];

    uuid_write(nodes->config->uuid, uuid);
    vm_path(uuid, "", vm);
    nodes_path(writer->domid, "", own);
    libxl_path(writer->domid, libxl);
    begin(writer, vm, true);
    put_vm(writer, uuid, nodes);
    begin(writer, libxl, false);
    put(writer, "type", "pv");
    begin(writer, own, true);
    put_domain(writer, vm, nodes);
    return writer->rc;
}

int nodes_write(struct store_client *store, unsigned domid, const struct domain_nodes *nodes)
{
    int rc = -EAGAIN;

    for (int tries = 0; rc == -EAGAIN && tries < TRIES_MAX; tries++) {
        struct writer writer = { .store = store, .domid = domid };

        rc = store_begin(store, &writer.tx);
        if (rc != 0)
            return rc;
        rc = write_all_nodes(&writer, nodes);
        int end = store_end(store, writer.tx, rc == 0);
        rc = rc == 0 ? end : rc;
    }
    return rc;
}

int nodes_remove(struct store_client *store, unsigned domid, const char *uuid)
{
    char path[NODES_PATH_SIZE];

    nodes_path(domid, "", path);
    int rc = store_rm(store, 0, path);
    libxl_path(domid, path);
    int other = store_rm(store, 0, path);
    rc = rc == 0 ? other : rc;
    if (uuid) {
        vm_path(uuid, "", path);
        other = store_rm(store, 0, path);
        rc = rc == 0 ? other : rc;
    }
    return rc;
}

int nodes_rename(struct store_client *store, unsigned domid, const char *uuid, const char *name)
{
    char path[NODES_PATH_SIZE];

    nodes_path(domid, "name", path);
    int rc = store_write(store, 0, path, name);
    if (rc == 0 && uuid) {
        vm_path(uuid, "name", path);
        rc = store_write(store, 0, path, name);
    }
    return rc;
}

int nodes_set_vcpus(struct store_client *store, unsigned domid, unsigned nr, unsigned nr_max)
{
    struct writer writer = { .store = store, .domid = domid };
    char own[NODES_PATH_SIZE];

    nodes_path(domid, "", own);
    writer.root = own;
    put_vcpus(&writer, nr, nr_max);
    return writer.rc;
}
