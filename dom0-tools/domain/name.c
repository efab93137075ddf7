/* SPDX-License-Identifier: MIT */
/*
 * Name: names stand in the records of our domains and, for all domains, in nodes that no guest can
 * write. The hypervisor knows uuids only.
 */
#include "domain/name.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "domain/domain.h"
#include "domain/hypervisor.h"
#include "domain/lock.h"
#include "domain/nodes.h"
#include "domain/record.h"
#include "domain/take_apart.h"
#include "domain/uuid.h"

int name_of(struct store_client *store, unsigned domid, char **name)
{
    char path[NODES_PATH_SIZE];
    int rc = record_get(store, domid, "name", name);

    nodes_path(domid, "name", path);
    if (rc == -ENOENT && store)
        rc = store_read(store, 0, path, name, NULL);
    if (rc == 0 && (*name)[0] == '\0') {
        free(*name);
        *name = NULL;
        rc = -ENOENT;
    }
    if (rc != -ENOENT || domid != 0)
        return rc;
    *name = strdup(NAME_CONTROL_DOMAIN);
    return *name ? 0 : -ENOMEM;
}

/*
 * Whether a tool began this domain and died, or the domain is gone and nobody cleaned up: 1, 0, or
 * a negative errno value.
 */
static int is_abandoned(struct store_client *store, unsigned domid)
{
    struct xen_domctl_getdomaininfo info;
    char *builder;
    int rc = record_get(store, domid, "builder", &builder);

    if (rc == -ENOENT)
        return hypervisor_info(domid, &info) == -ESRCH;
    if (rc == 0)
        rc = builder_lives(builder);
    free(builder);
    return rc < 0 ? rc : !rc;
}

static int take_apart(struct store_client *store, unsigned domid, struct failure *failure)
{
    int lock = lock_domain(domid);

    if (lock < 0)
        return failure_set(failure, FAILURE_OPERATION, lock, "cannot lock domain %u", domid);
    /* While this waited somebody else may have cleaned up. */
    int rc = is_abandoned(store, domid);
    if (rc > 0)
        rc = domain_take_apart(store, domid, failure);
    lock_release(lock);
    return rc;
}

static int refuse(unsigned domid, const char *name, const char *uuid, struct failure *failure)
{
    if (!uuid)
        return failure_set(failure, FAILURE_CONFIG, -EEXIST, "the name %s is taken by domain %u:"
                           " give another one, or end that domain first", name, domid);
    return failure_set(failure, FAILURE_CONFIG, -EEXIST, "the uuid %s is taken by domain %u: remove"
                       " it from the file to get a new one, or end that domain first", uuid,
                       domid);
}

static int check_record(struct store_client *store, unsigned domid, const char *name,
                        const char *uuid, struct failure *failure)
{
    int same_name = record_has_text(store, domid, "name", name);
    int rc = same_name || !uuid ? same_name : record_has_text(store, domid, "uuid", uuid);

    if (rc <= 0)
        return rc;
    rc = is_abandoned(store, domid);
    if (rc)
        return rc < 0 ? rc : take_apart(store, domid, failure);
    return refuse(domid, name, same_name ? NULL : uuid, failure);
}

static int check_records(struct store_client *store, const char *name, const char *uuid,
                         unsigned except, struct failure *failure)
{
    unsigned *domids;
    size_t nr;
    int rc = record_list(store, &domids, &nr);

    if (rc != 0)
        return failure_set(failure, FAILURE_OPERATION, rc, "cannot read the domains' records");
    for (size_t i = 0; rc == 0 && i < nr; i++) {
        if (domids[i] != except)
            rc = check_record(store, domids[i], name, uuid, failure);
    }
    free(domids);
    if (rc != 0)
        return failure_set(failure, FAILURE_OPERATION, rc, "cannot read the domains' records");
    return 0;
}

static int check_living(struct store_client *store, const char *name, const uint8_t *uuid,
                        unsigned except, struct failure *failure)
{
    struct domain_entry *list;
    char text[UUID_TEXT_SIZE];
    size_t nr;
    int rc = domains_list(store, &list, &nr, failure);

    if (rc != 0)
        return rc;
    for (size_t i = 0; rc == 0 && i < nr; i++) {
        unsigned domid = list[i].info.domain;

        if (domid == except)
            continue;
        if (strcmp(list[i].name, name) == 0)
            rc = refuse(domid, name, NULL, failure);
        else if (uuid && memcmp(list[i].info.handle, uuid, sizeof(list[i].info.handle)) == 0) {
            uuid_write(uuid, text);
            rc = refuse(domid, name, text, failure);
        }
    }
    domains_free(list, nr);
    return rc;
}

int name_check_free(struct store_client *store, const char *name, const uint8_t *uuid,
                    unsigned except, struct failure *failure)
{
    char text[UUID_TEXT_SIZE];

    if (uuid)
        uuid_write(uuid, text);
    int rc = check_records(store, name, uuid ? text : NULL, except, failure);
    return rc == 0 ? check_living(store, name, uuid, except, failure) : rc;
}
