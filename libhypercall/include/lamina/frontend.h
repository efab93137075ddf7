/* SPDX-License-Identifier: MIT */
/*
 * The guest's half of a split driver: finding the device in the store, publishing rings, and
 * walking both halves through their states. Needs event_init(), grant_init() and store_init().
 * A `frontend` is the caller's; what is in it is set by frontend_open().
 * Source: public/io/xenbus.h (states), and the nodes that Xen 4.17's drivers of disks and
 * interfaces share; docs/devices.md has them.
 */
#ifndef LAMINA_FRONTEND_H
#define LAMINA_FRONTEND_H

#include <stdbool.h>
#include <stdint.h>

#include "lamina/grant.h"
#include "public/event_channel.h"
#include "public/io/xenbus.h"

#define FRONTEND_PATH 64u
#define BACKEND_PATH  128u

struct frontend {
    char path[FRONTEND_PATH];   /* "device/vbd/51712" */
    char backend[BACKEND_PATH]; /* "/local/domain/0/backend/vbd/3/51712" */
    domid_t domain;             /* of the back end */
    evtchn_port_t port;
};

/*
 * Finds device `id` of a `kind` ("vbd", "vif"), waits until its back end is set up, and makes the
 * event channel. Returns 0; -XEN_ENOENT: no such device, -XEN_ETIME: no back end within 10 s,
 * -XEN_E2BIG: its path has more than BACKEND_PATH bytes, or an error of store.h and event_offer().
 */
long frontend_open(struct frontend *frontend, const char *kind, unsigned id);

/*
 * Grants a ring's page, to be written as well, and writes the reference to the node `name`; it is
 * the caller's to take back, and in *ref also when the write failed. Returns 0;
 * -XEN_ENOSPC: no reference is free (*ref is GRANT_NONE), or an error of store.h.
 */
long frontend_publish_ring(struct frontend *frontend, const char *name, const void *page,
                           grant_ref_t *ref);
/* Writes a `value`, a text, to the node `name` of the front end's folder. Returns 0, or an error of
 * store.h. */
long frontend_write(struct frontend *frontend, const char *name, const char *value);

/* Reads the number in the node `name` of the back end's folder into *value. Returns 0;
 * -XEN_ENOENT: no such node, -XEN_EINVAL: not a number, or an error of store.h. */
long frontend_read_number(struct frontend *frontend, const char *name, uint64_t *value);

/*
 * Writes the event channel and the state `ready`, and waits until the back end is connected; the
 * front end then is as well. Linux's back end of disks takes XenbusStateInitialised or
 * XenbusStateConnected for an invitation, that of interfaces only the latter. Returns 0;
 * -XEN_ENODEV: the back end has closed, -XEN_ETIME: it does nothing for 10 s, or an error of
 * store.h.
 */
long frontend_connect(struct frontend *frontend, enum xenbus_state ready);

/*
 * Walks to Closed and closes the event channel, which happens in any case; then grants can be taken
 * back. Returns 0; -XEN_ETIME: the back end does not follow within 10 s, or an error of store.h.
 */
long frontend_close(struct frontend *frontend);

#endif
