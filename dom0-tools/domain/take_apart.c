/* SPDX-License-Identifier: MIT */
/*
 * Taking apart, in an order that leaves nobody with half a domain: first it stops, then what dom0
 * held for it is given back, then the store forgets it, and when the hypervisor has forgotten it as
 * well the record goes, which led whoever cleans up to all the rest.
 */
#include "domain/take_apart.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "device/device.h"
#include "domain/hypervisor.h"
#include "domain/lock.h"
#include "domain/nodes.h"
#include "domain/record.h"
#include "domain/uuid.h"
#include "domain/wait.h"

#define GONE_TIMEOUT_MS 10000 /* for daemons and back ends to let go of its pages */

struct demolition {
    struct store_client *store;
    unsigned domid;
    char uuid[UUID_TEXT_SIZE]; /* empty: not known */
};

/* Without it some of the domain's nodes would be left for ever. */
static int learn_uuid(struct demolition *demolition)
{
    struct xen_domctl_getdomaininfo info;
    char *text;
    int rc = record_get(demolition->store, demolition->domid, "uuid", &text);

    demolition->uuid[0] = '\0';
    if (rc == 0 && strlen(text) == UUID_TEXT_SIZE - 1)
        memcpy(demolition->uuid, text, UUID_TEXT_SIZE);
    else if (hypervisor_info(demolition->domid, &info) == 0)
        uuid_write(info.handle, demolition->uuid);
    free(text);
    return rc == -ENOENT ? 0 : rc;
}

static int mark(struct demolition *demolition, struct failure *failure)
{
    struct store_client *store = demolition->store;
    unsigned domid = demolition->domid;

    int rc = learn_uuid(demolition);

    if (rc == 0)
        rc = record_find(store, domid);
    if (rc == 0)
        rc = record_set_state(store, domid, RECORD_DYING);
    return rc == 0 || rc == -ENOENT
               ? 0
               : failure_set(failure, FAILURE_OPERATION, rc, "cannot reach the store");
}

static int stop(struct demolition *demolition, struct failure *failure)
{
    int rc = hypervisor_destroy(demolition->domid);

    if (rc == 0 || rc == -ESRCH)
        return 0;
    return failure_set(failure, FAILURE_OPERATION, rc, "cannot destroy domain %u",
                       demolition->domid);
}

static int release_devices(struct demolition *demolition, struct failure *failure)
{
    return devices_release(demolition->store, demolition->domid, failure);
}

/* The store learns by itself that a domain died; one that never was introduced is unknown to it. */
static int release_store(struct demolition *demolition, struct failure *failure)
{
    int rc = store_release(demolition->store, demolition->domid);

    if (rc == 0 || rc == -ENOENT || rc == -EINVAL)
        return 0;
    return failure_set(failure, FAILURE_OPERATION, rc, "the store does not release domain %u",
                       demolition->domid);
}

static int remove_nodes(struct demolition *demolition, struct failure *failure)
{
    const char *uuid = demolition->uuid[0] ? demolition->uuid : NULL;
    int rc = nodes_remove(demolition->store, demolition->domid, uuid);

    return rc == 0 ? 0 :
                     failure_set(failure, FAILURE_OPERATION, rc,
                                 "cannot remove what the store holds of domain %u",
                                 demolition->domid);
}

static int await_end(struct demolition *demolition, struct failure *failure)
{
    int rc = domain_wait_gone(demolition->domid, GONE_TIMEOUT_MS);

    if (rc == -ETIMEDOUT)
        return failure_set(failure, FAILURE_OPERATION, rc,
                           "domain %u is dead, but some of its memory is still in use by dom0:"
                           " its back ends have not let go",
                           demolition->domid);
    return rc == 0 ? 0 : failure_set(failure, FAILURE_OPERATION, rc, "cannot see domain %u end",
                                     demolition->domid);
}

static int forget(struct demolition *demolition, struct failure *failure)
{
    int rc = record_remove(demolition->store, demolition->domid);

    if (rc != 0)
        return failure_set(failure, FAILURE_OPERATION, rc, "cannot remove the record of domain %u",
                           demolition->domid);
    lock_forget(demolition->domid);
    return 0;
}

int domain_take_apart(struct store_client *store, unsigned domid, struct failure *failure)
{
    static int (*const parts[])(struct demolition *, struct failure *) = {
        mark, stop, release_devices, release_store, remove_nodes, await_end,
    };
    struct demolition demolition = { .store = store, .domid = domid };
    int rc = 0;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        int part = parts[i](&demolition, failure);

        rc = rc == 0 ? part : rc;
    }
    return rc == 0 ? forget(&demolition, failure) : rc;
}
