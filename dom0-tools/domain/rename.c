/* SPDX-License-Identifier: MIT */
/*
 * Renaming: the record, the nodes that show the name, and the recorded configuration. Logs and
 * sockets that bear the old name keep it until the domain ends.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/values.h"
#include "domain/control.h"
#include "domain/domain.h"
#include "domain/lock.h"
#include "domain/name.h"
#include "domain/nodes.h"
#include "domain/record.h"

static int change_name(struct domain_config *config, const void *value)
{
    char *name = strdup(value);

    if (!name)
        return -ENOMEM;
    free(config->name);
    config->name = name;
    return 0;
}

static int write_name(struct store_client *store, unsigned domid, const char *name)
{
    char path[RECORD_PATH_SIZE], *uuid;
    int rc = record_get(store, domid, "uuid", &uuid);

    record_path(domid, "name", path);
    if (rc == 0)
        rc = store_write(store, 0, path, name);
    else if (rc == -ENOENT)
        rc = 0;
    if (rc == 0)
        rc = nodes_rename(store, domid, uuid, name);
    free(uuid);
    return rc == 0 ? record_change_config(store, domid, change_name, name) : rc;
}

static int rename_locked(struct store_client *store, unsigned domid, const char *name,
                         struct failure *failure)
{
    int rc = name_check_free(store, name, NULL, domid, failure);

    if (rc == 0)
        rc = write_name(store, domid, name);
    return rc == 0 ? 0 :
                     failure_set(failure, FAILURE_OPERATION, rc, "cannot rename domain %u", domid);
}

int domain_rename(struct store_client *store, unsigned domid, const char *name,
                  struct failure *failure)
{
    int refused = control_domain_refuse(domid, "renamed", failure);

    if (refused != 0)
        return refused;
    if (!value_is_name(name))
        return failure_set(failure, FAILURE_CONFIG, -EINVAL,
                           "no good name: expected at most %u bytes, no '/', no number, and not"
                           " '.' or '-' in front",
                           CONFIG_NAME_MAX);
    int creation = lock_creation();
    int domain = creation < 0 ? creation : lock_domain(domid);
    int rc = domain < 0 ? failure_set(failure, FAILURE_OPERATION, domain, "cannot lock domain %u",
                                      domid) :
                          rename_locked(store, domid, name, failure);
    lock_release(domain);
    lock_release(creation);
    return rc;
}
