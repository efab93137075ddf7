/* SPDX-License-Identifier: MIT */
/*
 * The current configuration: the recorded one, which every change by these tools keeps up, with
 * what others may have changed by the store: memory and vCPUs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/domain.h"
#include "domain/nodes.h"
#include "domain/record.h"

static int look_at_memory(struct store_client *store, unsigned domid, struct domain_config *config)
{
    char path[NODES_PATH_SIZE];
    uint64_t target;

    nodes_path(domid, "memory/target", path);
    int rc = store_read_u64(store, 0, path, &target);
    if (rc == 0 && target >= CONFIG_MEMORY_KIB_MIN && target <= config->memory_kib)
        config->current_memory_kib = target;
    return rc == -ENOENT || rc == -EINVAL ? 0 : rc;
}

static int look_at_vcpus(struct store_client *store, unsigned domid, struct domain_config *config)
{
    char path[NODES_PATH_SIZE], leaf[32];
    unsigned nr = 0;

    for (unsigned i = 0; i < config->nr_vcpus_max; i++) {
        char *value;

        snprintf(leaf, sizeof(leaf), "cpu/%u/availability", i);
        nodes_path(domid, leaf, path);
        int rc = store_read(store, 0, path, &value, NULL);
        if (rc)
            return rc == -ENOENT ? 0 : rc;
        nr += strcmp(value, "online") == 0;
        free(value);
    }
    if (nr > 0)
        config->nr_vcpus = nr;
    return 0;
}

int domain_current_config(struct store_client *store, unsigned domid, struct domain_config *config,
                          struct failure *failure)
{
    int rc = record_load_config(store, domid, config);

    if (rc == -ENOENT)
        return failure_set(failure, FAILURE_OPERATION, rc,
                           "domain %u: its configuration is not known: another tool made it",
                           domid);
    if (rc != 0)
        return failure_set(failure, FAILURE_FILE, rc, "cannot read the configuration of domain %u",
                           domid);
    rc = look_at_memory(store, domid, config);
    if (rc == 0)
        rc = look_at_vcpus(store, domid, config);
    return rc == 0 ? 0 : failure_set(failure, FAILURE_OPERATION, rc,
                                     "cannot read what the store holds of domain %u", domid);
}
