/* SPDX-License-Identifier: MIT */
/*
 * Discovery: which domains there are and where their consoles are, from nodes of the store that
 * only the tools write. A domain that does not exist for the hypervisor does not exist.
 */
#ifndef LAMINA_CONSOLED_DISCOVER_H
#define LAMINA_CONSOLED_DISCOVER_H

#include "consoled/server.h"

/* Connects to the store and watches for domains; then all that there are are served. */
int discover_start(struct server *server) __attribute__((warn_unused_result));
void discover_stop(struct server *server);

#endif
