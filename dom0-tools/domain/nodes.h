/* SPDX-License-Identifier: MIT */
/*
 * Nodes: what guest and other tools find in the store about a domain, at the places and with the
 * permissions that Xen's tools use: /local/domain/N, /vm/UUID and /libxl/N. The guest reads its
 * own and writes only where it reports something; no tool acts on what it can write.
 */
#ifndef LAMINA_DOMAIN_NODES_H
#define LAMINA_DOMAIN_NODES_H

#include <stdint.h>

#include "config/domain_config.h"
#include "public/event_channel.h"
#include "store/client.h"

#define NODES_PATH_SIZE 128u

struct domain_nodes {
    const struct domain_config *config;
    const char *kernel; /* what was started: config's, or the boot loader */
    evtchn_port_t store_port, console_port;
    uint64_t store_mfn, console_mfn;
};

/* All at once; whatever was there of an earlier domain of that number is gone then. */
int nodes_write(struct store_client *store, unsigned domid, const struct domain_nodes *nodes)
    __attribute__((warn_unused_result));

/* Removes them; uuid NULL: not known, /vm is left alone. What is absent is no error. */
int nodes_remove(struct store_client *store, unsigned domid, const char *uuid)
    __attribute__((warn_unused_result));

/* "/local/domain/N/LEAF". */
void nodes_path(unsigned domid, const char *leaf, char path[NODES_PATH_SIZE]);

/* The name at all places that show it. */
int nodes_rename(struct store_client *store, unsigned domid, const char *uuid, const char *name)
    __attribute__((warn_unused_result));

/* vCPUs below nr are to be on line, the others of nr_max not. */
int nodes_set_vcpus(struct store_client *store, unsigned domid, unsigned nr, unsigned nr_max)
    __attribute__((warn_unused_result));

#endif
