/* SPDX-License-Identifier: MIT */
/*
 * Names of domains that take the place of others (rename-restart).
 */
#ifndef LAMINA_LAMINAD_NAME_H
#define LAMINA_LAMINAD_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "config/domain_config.h"
#include "store/client.h"

/* "web" becomes "web-1", "web-7" becomes "web-8": the number'th candidate, from 1 on. */
void name_candidate(const char *name, unsigned number, char text[CONFIG_NAME_MAX + 1]);

/* The first candidate that no domain has, to be freed: 0, or a negative errno value. */
int name_for_successor(struct store_client *store, const char *name, char **successor)
    __attribute__((warn_unused_result));

#endif
