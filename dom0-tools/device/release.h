/* SPDX-License-Identifier: MIT */
/*
 * Release: giving back what dom0 holds for one device, from its record. May be repeated, and begun
 * again by another process wherever the first was killed.
 */
#ifndef LAMINA_DEVICE_RELEASE_H
#define LAMINA_DEVICE_RELEASE_H

#include "device/address.h"
#include "device/loop.h"

/* How the loop device of a disk is marked. */
void device_loop_tag(const struct device_address *address, char tag[LOOP_TAG_SIZE]);

/* The ends are closed, or nobody is there to close them: whatever the guest does. */
int device_release(struct store_client *store, const struct device_address *address);

/* The same once the guest has let go; -ETIMEDOUT when it does not. */
int device_detach(struct store_client *store, const struct device_address *address, bool force,
                  int timeout_ms) __attribute__((warn_unused_result));

#endif
