/* SPDX-License-Identifier: MIT */
/*
 * Taking a domain apart: the one way in which domains end, and in which a creation that failed at
 * whatever step is undone. Every part of it may be repeated, and what is not there is passed over,
 * so it is also what comes after a tool that was killed.
 */
#ifndef LAMINA_DOMAIN_TAKE_APART_H
#define LAMINA_DOMAIN_TAKE_APART_H

#include "common/failure.h"
#include "store/client.h"

/*
 * The caller holds lock_domain(), whose file goes as well. All parts are tried even when one fails;
 * then the record stays, and the first failure is told.
 */
int domain_take_apart(struct store_client *store, unsigned domid, struct failure *failure)
    __attribute__((warn_unused_result));

#endif
