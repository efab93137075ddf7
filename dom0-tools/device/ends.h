/* SPDX-License-Identifier: MIT */
/*
 * Ends: the nodes by which the kernel's back end and the guest's front end of a device find each
 * other, and the way back. The front end's belong to the guest; here they are only written.
 */
#ifndef LAMINA_DEVICE_ENDS_H
#define LAMINA_DEVICE_ENDS_H

#include "device/address.h"

/* How long a back end of the kernel may take for a step that needs no guest. */
#define BACKEND_MS 30000

struct device_node {
    const char *name, *value;
};

/* Both ends appear at once, with what all devices have and these; lists end with a NULL name. */
int ends_publish(struct store_client *store, const struct device_address *address,
                 const struct device_node *back, const struct device_node *front)
    __attribute__((warn_unused_result));

/* Waits until the back end is set up; says why when it is not. */
int ends_await(struct store_client *store, const struct device_address *address,
               struct failure *failure) __attribute__((warn_unused_result));

/*
 * Asks both ends to close and waits until the kernel's let go of everything; with force the front
 * end is taken away, as if the guest had gone. -ETIMEDOUT: the guest does not let go. A device
 * that is not there is no error.
 */
int ends_close(struct store_client *store, const struct device_address *address, bool force,
               int timeout_ms) __attribute__((warn_unused_result));

/* The back end's state; 0: none. */
int ends_state(struct store_client *store, const struct device_address *address, unsigned *state)
    __attribute__((warn_unused_result));

#endif
