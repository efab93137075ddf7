/* SPDX-License-Identifier: MIT */
/*
 * Control: asking a living domain for something, and stopping and starting it. Nothing of it is
 * remembered, so it needs no lock.
 */
#include "domain/control.h"

#include <errno.h>

#include "domain/domain.h"
#include "domain/hypervisor.h"
#include "domain/nodes.h"

int control_domain_refuse(unsigned domid, const char *what, struct failure *failure)
{
    if (domid != 0)
        return 0;
    return failure_set(failure, FAILURE_OPERATION, -EINVAL,
                       "domain 0: the control domain cannot be %s", what);
}

/* ---- requests ---- */

static int request(struct store_client *store, unsigned domid, const char *leaf, const char *value,
                   struct failure *failure)
{
    struct xen_domctl_getdomaininfo info;
    char path[NODES_PATH_SIZE];
    int rc = hypervisor_info(domid, &info);

    if (rc != 0)
        return failure_set(failure, FAILURE_OPERATION, rc == -ESRCH ? -ENOENT : rc,
                           "cannot ask domain %u", domid);
    nodes_path(domid, leaf, path);
    rc = store_write(store, 0, path, value);
    return rc == 0 ? 0 :
                     failure_set(failure, FAILURE_OPERATION, rc,
                                 "cannot write the request for domain %u", domid);
}

int domain_request(struct store_client *store, unsigned domid, const char *what,
                   struct failure *failure)
{
    int rc = control_domain_refuse(domid, "asked for that: use its own 'poweroff' and 'reboot'",
                                   failure);

    return rc == 0 ? request(store, domid, "control/shutdown", what, failure) : rc;
}

int domain_sysrq(struct store_client *store, unsigned domid, char key, struct failure *failure)
{
    char text[2] = { key, '\0' };
    int rc = control_domain_refuse(domid, "sent a key: use its own /proc/sysrq-trigger", failure);

    return rc == 0 ? request(store, domid, "control/sysrq", text, failure) : rc;
}

/* ---- stop and go ---- */

int domain_pause(unsigned domid, struct failure *failure)
{
    int rc = control_domain_refuse(domid, "paused", failure);

    if (rc == 0 && (rc = hypervisor_pause(domid)) != 0)
        failure_set(failure, FAILURE_OPERATION, rc, "cannot pause domain %u", domid);
    return rc;
}

int domain_unpause(unsigned domid, struct failure *failure)
{
    int rc = hypervisor_unpause(domid);

    if (rc == -EINVAL)
        return failure_set(failure, FAILURE_OPERATION, rc, "domain %u: it is not paused", domid);
    return rc == 0 ? 0 :
                     failure_set(failure, FAILURE_OPERATION, rc, "cannot unpause domain %u", domid);
}
