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

/* What another tool wrote where the guest sees it. */
static int name_of_guest(struct store_client *store, unsigned domid, char **name)
{
    char path[NODES_PATH_SIZE];

    nodes_path(domid, "name", path);
    int rc = store ? store_read(store, 0, path, name, NULL) : -ENOENT;
    if (rc == 0 && (*name)[0] == '\0') {
        free(*name);
        rc = -ENOENT;
    }
    if (rc == -ENOENT)
        *name = NULL;
    return rc == -ENOENT ? 0 : rc;
}

int name_of(struct store_client *store, unsigned domid, char **name)
{
    int rc = record_read(store, domid, "name", name);

    if (rc == 0 && !*name)
        rc = name_of_guest(store, domid, name);
    if (rc == 0 && !*name && domid == 0) {
        *name = strdup(NAME_CONTROL_DOMAIN);
        rc = *name ? 0 : -ENOMEM;
    }
    return rc;
}

/* Whether a tool began this domain and died, or the domain is gone and nobody cleaned up. */
static bool is_abandoned(struct store_client *store, unsigned domid)
{
    struct xen_domctl_getdomaininfo info;
    char *builder = record_get(store, domid, "builder");
    bool building = builder != NULL, lives = builder && builder_lives(builder);

    free(builder);
    return !lives && (building || hypervisor_info(domid, &info) == -ESRCH);
}

static int take_apart(struct store_client *store, unsigned domid, struct failure *failure)
{
    int lock = lock_domain(domid), rc;

    if (lock < 0)
        return failure_set(failure, FAILURE_OPERATION, lock, "cannot lock domain %u", domid);
    /* While this waited somebody else may have cleaned up. */
    rc = is_abandoned(store, domid) ? domain_take_apart(store, domid, failure) : 0;
    lock_release(lock);
    return rc;
}

/* *same: the record's leaf is that text. */
static int compare(struct store_client *store, unsigned domid, const char *leaf,
                   const char *wanted, bool *same)
{
    char *text;
    int rc = record_read(store, domid, leaf, &text);

    *same = text && strcmp(text, wanted) == 0;
    free(text);
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
    bool same_name, same_uuid = false;
    int rc = compare(store, domid, "name", name, &same_name);

    if (rc == 0 && uuid)
        rc = compare(store, domid, "uuid", uuid, &same_uuid);
    if (rc != 0)
        return failure_set(failure, FAILURE_OPERATION, rc, "cannot read the record of domain %u",
                           domid);
    if (!same_name && !same_uuid)
        return 0;
    if (is_abandoned(store, domid))
        return take_apart(store, domid, failure);
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
    return rc;
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
