/* SPDX-License-Identifier: MIT */
/*
 * Name: what a domain is called, and whether a name or uuid is free.
 */
#ifndef LAMINA_DOMAIN_NAME_H
#define LAMINA_DOMAIN_NAME_H

#include <stdint.h>

#include "common/failure.h"
#include "store/client.h"

#define NAME_CONTROL_DOMAIN "Domain-0"

/*
 * The name, to be freed: the record's, or what another tool wrote into the store. "Domain-0" is the
 * control domain unless somebody named it otherwise. -ENOENT: it has none; or another negative
 * errno value; *name is NULL then.
 */
int name_of(struct store_client *store, unsigned domid, char **name)
    __attribute__((warn_unused_result));

/*
 * Refuses (-EEXIST) a name or uuid that a domain other than `except` has, recorded or alive; uuid
 * may be NULL. Under lock_creation(). What a killed tool has left of a domain of that name is taken
 * apart, and is no obstacle then.
 */
int name_check_free(struct store_client *store, const char *name, const uint8_t *uuid,
                    unsigned except, struct failure *failure) __attribute__((warn_unused_result));

#define NAME_EXCEPT_NONE (~0u)

#endif
