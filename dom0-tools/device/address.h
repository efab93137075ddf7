/* SPDX-License-Identifier: MIT */
/*
 * Address: which device of which domain, and where its nodes are.
 */
#ifndef LAMINA_DEVICE_ADDRESS_H
#define LAMINA_DEVICE_ADDRESS_H

#include "device/device.h"

struct device_address {
    enum device_kind kind;
    unsigned domid, id;
};

#define DEVICE_PATH 112u /* bytes of any path here, with a node's name */

/* "vbd" and "vif" in the nodes of the two ends; "disk" and "interface" in the record. */
const char *device_class(enum device_kind kind);
const char *device_word(enum device_kind kind);

/* The nodes of each end and of the record; name: "" is the folder, else a node in it. */
void device_backend(const struct device_address *address, const char *name, char path[DEVICE_PATH]);
void device_frontend(const struct device_address *address, const char *name,
                     char path[DEVICE_PATH]);
void device_record(const struct device_address *address, const char *name, char path[DEVICE_PATH]);

/* Numbers of the domain's recorded devices of a kind: a block of *nr, to be freed. */
int device_numbers(struct store_client *store, store_tx_t tx, unsigned domid, enum device_kind kind,
                   unsigned **numbers, size_t *nr) __attribute__((warn_unused_result));

/* A node of the record; *value is NULL when it is absent (0). */
int device_record_read(struct store_client *store, store_tx_t tx,
                       const struct device_address *address, const char *name, char **value)
    __attribute__((warn_unused_result));

/* Removes the record, and the folders above it that this leaves empty, up to the domain's. */
int device_record_remove(struct store_client *store, const struct device_address *address);

/* Removes the nodes of both ends, with the folders that this leaves empty. */
int device_ends_remove(struct store_client *store, const struct device_address *address);

#endif
