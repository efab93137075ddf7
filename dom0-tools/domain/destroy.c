/* SPDX-License-Identifier: MIT */
/*
 * Destroying: by order, or because a domain or the tool that built it ended by itself.
 */
#include <errno.h>
#include <stdlib.h>

#include "domain/domain.h"
#include "domain/hypervisor.h"
#include "domain/lock.h"
#include "domain/record.h"
#include "domain/take_apart.h"

static int take_apart_locked(struct store_client *store, unsigned domid, struct failure *failure)
{
    int lock = lock_domain(domid);

    if (lock < 0)
        return failure_set(failure, FAILURE_OPERATION, lock, "cannot lock domain %u", domid);
    int rc = domain_take_apart(store, domid, failure);
    lock_release(lock);
    return rc;
}

/* -ENOENT once somebody else has taken it apart, for whom the lock was waited. */
static int check_record(struct store_client *store, unsigned domid, struct failure *failure)
{
    char path[RECORD_PATH_SIZE], *state;

    record_path(domid, "state", path);
    int rc = store_read(store, 0, path, &state, NULL);
    if (rc == 0)
        free(state);
    return rc == 0 ? 0 : failure_set(failure, FAILURE_OPERATION, rc, "no record of domain %u",
                                     domid);
}

int domain_destroy(struct store_client *store, unsigned domid, struct failure *failure)
{
    struct xen_domctl_getdomaininfo info;

    if (domid == 0)
        return failure_set(failure, FAILURE_OPERATION, -EINVAL,
                           "domain 0 is the control domain: it ends with the machine");
    int rc = hypervisor_info(domid, &info);
    if (rc == -ESRCH && !record_exists(store, domid))
        return failure_set(failure, FAILURE_OPERATION, -ENOENT, "there is no domain %u: see"
                           " 'lamina list'", domid);
    /*
     * Whoever holds the lock, perhaps building it, may take long. This needs no lock, and ends what
     * he does.
     */
    if (rc == 0)
        rc = hypervisor_destroy(domid);
    if (rc != 0 && rc != -ESRCH)
        return failure_set(failure, FAILURE_OPERATION, rc, "cannot destroy domain %u", domid);
    return take_apart_locked(store, domid, failure);
}

int domain_reap(struct store_client *store, unsigned domid, struct failure *failure)
{
    struct xen_domctl_getdomaininfo info;
    int rc = hypervisor_info(domid, &info);

    if (rc == 0 && !(info.flags & XEN_DOMINF_dying))
        return failure_set(failure, FAILURE_OPERATION, -EBUSY, "domain %u is alive", domid);
    if (rc != 0 && rc != -ESRCH)
        return failure_set(failure, FAILURE_OPERATION, rc, "cannot ask about domain %u", domid);
    int lock = lock_domain(domid);
    if (lock < 0)
        return failure_set(failure, FAILURE_OPERATION, lock, "cannot lock domain %u", domid);
    rc = check_record(store, domid, failure);
    if (rc == 0)
        rc = domain_take_apart(store, domid, failure);
    else if (rc == -ENOENT)
        lock_forget(domid);
    lock_release(lock);
    return rc;
}
