/* SPDX-License-Identifier: MIT */
/*
 * Devices of a domain: disks served by the kernel's xen-blkback, interfaces by xen-netback.
 *
 * What dom0 holds for a device (a loop device, a place on a bridge) is written down first, below
 * DEVICE_RECORD in the store, where no guest can write, and taken then. So whoever comes later, a
 * daemon or the tool itself, can give it back whatever happened in between, and as often as it
 * likes. Nothing here reads what a guest wrote except the state of its own front end.
 *
 * The caller holds the domain's lock (domain/lock.h). No hot-plug script is run.
 */
#ifndef LAMINA_DEVICE_DEVICE_H
#define LAMINA_DEVICE_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"
#include "config/domain_config.h"
#include "store/client.h"

/* The toolstack's own notes on a domain; dom0 only. Devices are in device/KIND/ID below it. */
#define DOMAIN_RECORD "/lamina/domain/%u"
#define DEVICE_RECORD DOMAIN_RECORD "/device"

/* The bridge that the tools make when the configuration names none. */
#define DEVICE_DEFAULT_BRIDGE "lamina0"

enum device_kind { DEVICE_DISK, DEVICE_INTERFACE };

/* As lists show it; strings belong to it. */
struct device_info {
    enum device_kind kind;
    unsigned id;   /* "xvda" is 51712 (device/disk_name.h); interfaces count from 0 */
    char *target;  /* disk: "xvda"; interface: name in dom0, "vif3.0" */
    char *source;  /* disk: path; interface: bridge */
    char *backend; /* disk: device that is served, "/dev/loop3"; interface: MAC */
    bool readonly;
    unsigned state; /* the back end's XenbusState: 4 is connected */
};

/*
 * Makes the device and waits until its back end is set up (not until the guest connects).
 * FAILURE_CONFIG: the configuration asks for what cannot be, such as a disk in use, a missing
 * file or bridge; nothing is held then.
 */
int disk_attach(struct store_client *store, unsigned domid, const struct domain_disk *disk,
                struct failure *failure) __attribute__((warn_unused_result));
int interface_attach(struct store_client *store, unsigned domid, unsigned index,
                     const struct domain_interface *interface, struct failure *failure)
    __attribute__((warn_unused_result));

/* An address of the range that Xen's tools use, 00:16:3e; -EIO: no randomness. */
int device_make_mac(uint8_t mac[6]) __attribute__((warn_unused_result));

/*
 * Asks the guest to let go, waits up to timeout_ms, and gives back what dom0 held; force: does not
 * wait for the guest. name is the target ("xvda", "vif3.0"), for interfaces also the MAC or number.
 * -ENOENT, -ETIMEDOUT (the device is still there).
 */
int disk_detach(struct store_client *store, unsigned domid, const char *name, bool force,
                int timeout_ms, struct failure *failure) __attribute__((warn_unused_result));
int interface_detach(struct store_client *store, unsigned domid, const char *name, bool force,
                     int timeout_ms, struct failure *failure) __attribute__((warn_unused_result));

/* All devices of a kind; *list is one array of *nr, for devices_free(). */
int devices_list(struct store_client *store, unsigned domid, enum device_kind kind,
                 struct device_info **list, size_t *nr) __attribute__((warn_unused_result));
void devices_free(struct device_info *list, size_t nr);

/*
 * Gives back everything that dom0 holds for the domain's devices, which has been destroyed: closes
 * back ends, waits (bounded) until the kernel let go of the guest's pages, frees loop devices,
 * removes the nodes. What is already gone is no error.
 */
int devices_release(struct store_client *store, unsigned domid, struct failure *failure)
    __attribute__((warn_unused_result));

/*
 * Whether a disk could be attached now: the file is there and no other domain, nor dom0 itself,
 * uses it in a way that excludes it. For --dry-run, and before anything is created.
 */
int disk_check(struct store_client *store, const struct domain_disk *disk, struct failure *failure)
    __attribute__((warn_unused_result));
int interface_check(const struct domain_interface *interface, struct failure *failure)
    __attribute__((warn_unused_result));

#endif
