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

/* -ENOENT once somebody else has taken it apart, for whom the lock was waited. */
static int check_record(struct store_client *store, unsigned domid, struct failure *failure)
{
    int rc = record_find(store, domid);

    return rc == 0 ? 0 : failure_set(failure, FAILURE_OPERATION, rc, "no record of domain %u",
                                     domid);
}

/* It may wait for what can no longer come. */
static int stop_builder(struct store_client *store, unsigned domid)
{
    char *text;
    int rc = record_get(store, domid, "builder", &text);

    if (rc == 0)
        builder_stop(text);
    free(text);
    return rc == -ENOENT ? 0 : rc;
}

/*
 * Whoever has the lock, perhaps building the domain, may take long; so the domain is ended before
 * that is waited for, which needs no lock and makes him fail. Else nobody shall come in between.
 */
static int destroy(struct store_client *store, unsigned domid, struct failure *failure)
{
    int lock = lock_try_domain(domid);

    if (lock == -EWOULDBLOCK) {
        int rc = hypervisor_destroy(domid);

        if (rc == 0 || rc == -ESRCH)
            rc = stop_builder(store, domid);
        if (rc != 0)
            return failure_set(failure, FAILURE_OPERATION, rc, "cannot destroy domain %u", domid);
        lock = lock_domain(domid);
    }
    if (lock < 0)
        return failure_set(failure, FAILURE_OPERATION, lock, "cannot lock domain %u", domid);
    int rc = domain_take_apart(store, domid, failure);
    lock_release(lock);
    return rc;
}

int domain_destroy(struct store_client *store, unsigned domid, struct failure *failure)
{
    struct xen_domctl_getdomaininfo info;

    if (domid == 0)
        return failure_set(failure, FAILURE_OPERATION, -EINVAL,
                           "domain 0 is the control domain: it ends with the machine");
    int rc = hypervisor_info(domid, &info);
    if (rc == -ESRCH && record_find(store, domid) == -ENOENT)
        return failure_set(failure, FAILURE_OPERATION, -ENOENT, "there is no domain %u: see"
                           " 'lamina list'", domid);
    return destroy(store, domid, failure);
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
