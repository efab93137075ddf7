/* SPDX-License-Identifier: MIT */
/*
 * Devices that come and go while their domain lives: attached and detached by device/, and noted in
 * the recorded configuration, by which the domain would be started again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/values.h"
#include "device/device.h"
#include "domain/control.h"
#include "domain/domain.h"
#include "domain/hypervisor.h"
#include "domain/lock.h"
#include "domain/record.h"
#include "domain/uuid.h"

static int fail_to_note(unsigned domid, int rc, struct failure *failure)
{
    return failure_set(failure, FAILURE_OPERATION, rc,
                       "done, but the configuration of domain %u could not be saved", domid);
}

/* The lock of a domain that there is, and that may be given devices. */
static int lock_living(unsigned domid, struct failure *failure)
{
    struct xen_domctl_getdomaininfo info;
    int refused = control_domain_refuse(domid, "given devices or lose them here", failure);

    if (refused != 0)
        return refused;
    int fd = lock_domain(domid);
    if (fd < 0)
        return failure_set(failure, FAILURE_OPERATION, fd, "cannot lock domain %u", domid);
    int rc = hypervisor_info(domid, &info);
    if (rc == 0)
        return fd;
    lock_release(fd);
    return failure_set(failure, FAILURE_OPERATION, rc == -ESRCH ? -ENOENT : rc,
                       "cannot change the devices of domain %u", domid);
}

static char *copy(const char *text, bool *failed)
{
    char *result = text ? strdup(text) : NULL;

    *failed |= text && !result;
    return result;
}

/* ---- disks ---- */

static int add_disk(struct domain_config *config, const void *value)
{
    const struct domain_disk *disk = value;
    bool failed = false;

    if (config->nr_disks == CONFIG_DISKS_MAX)
        return -ENOSPC;
    struct domain_disk *own = &config->disks[config->nr_disks++];
    *own = *disk;
    own->source = copy(disk->source, &failed);
    own->target = copy(disk->target, &failed);
    own->driver = copy(disk->driver, &failed);
    own->source_kept = copy(disk->source_kept, &failed);
    own->kept = copy(disk->kept, &failed);
    return failed ? -ENOMEM : 0;
}

static void free_disk(struct domain_disk *disk)
{
    free(disk->source);
    free(disk->target);
    free(disk->driver);
    free(disk->source_kept);
    free(disk->kept);
}

static int drop_disk(struct domain_config *config, const void *value)
{
    size_t kept = 0;

    for (size_t i = 0; i < config->nr_disks; i++) {
        if (strcmp(config->disks[i].target, value) == 0)
            free_disk(&config->disks[i]);
        else
            config->disks[kept++] = config->disks[i];
    }
    memset(&config->disks[kept], 0, (config->nr_disks - kept) * sizeof(config->disks[0]));
    config->nr_disks = kept;
    return 0;
}

int domain_attach_disk(struct store_client *store, unsigned domid, const struct domain_disk *disk,
                       struct failure *failure)
{
    int fd = lock_living(domid, failure);

    if (fd < 0)
        return fd;
    int rc = disk_attach(store, domid, disk, failure);
    if (rc == 0 && (rc = record_change_config(store, domid, add_disk, disk)) != 0)
        fail_to_note(domid, rc, failure);
    lock_release(fd);
    return rc;
}

int domain_detach_disk(struct store_client *store, unsigned domid, const char *name, bool force,
                       int timeout_ms, struct failure *failure)
{
    int fd = lock_living(domid, failure);

    if (fd < 0)
        return fd;
    int rc = disk_detach(store, domid, name, force, timeout_ms, failure);
    if (rc == 0 && (rc = record_change_config(store, domid, drop_disk, name)) != 0)
        fail_to_note(domid, rc, failure);
    lock_release(fd);
    return rc;
}

/* ---- interfaces ---- */

static int add_interface(struct domain_config *config, const void *value)
{
    const struct domain_interface *interface = value;
    bool failed = false;

    if (config->nr_interfaces == CONFIG_INTERFACES_MAX)
        return -ENOSPC;
    struct domain_interface *own = &config->interfaces[config->nr_interfaces++];
    *own = *interface;
    own->bridge = copy(interface->bridge, &failed);
    own->target = copy(interface->target, &failed);
    own->bandwidth_kept = copy(interface->bandwidth_kept, &failed);
    own->kept = copy(interface->kept, &failed);
    return failed ? -ENOMEM : 0;
}

static void free_interface(struct domain_interface *interface)
{
    free(interface->bridge);
    free(interface->target);
    free(interface->bandwidth_kept);
    free(interface->kept);
}

static int drop_interface(struct domain_config *config, const void *value)
{
    size_t kept = 0;

    for (size_t i = 0; i < config->nr_interfaces; i++) {
        struct domain_interface *own = &config->interfaces[i];

        if (own->has_mac && memcmp(own->mac, value, sizeof(own->mac)) == 0)
            free_interface(own);
        else
            config->interfaces[kept++] = *own;
    }
    memset(&config->interfaces[kept], 0,
           (config->nr_interfaces - kept) * sizeof(config->interfaces[0]));
    config->nr_interfaces = kept;
    return 0;
}

/* The first number that no interface of the domain has. */
static int choose_index(const struct device_info *list, size_t nr)
{
    for (unsigned index = 0; index < CONFIG_INTERFACES_MAX; index++) {
        size_t i = 0;

        while (i < nr && list[i].id != index)
            i++;
        if (i == nr)
            return (int)index;
    }
    return -ENOSPC;
}

static int attach_interface(struct store_client *store, unsigned domid,
                            const struct domain_interface *interface, struct failure *failure)
{
    struct device_info *list;
    size_t nr;
    int rc = devices_list(store, domid, DEVICE_INTERFACE, &list, &nr);

    if (rc != 0)
        return failure_set(failure, FAILURE_OPERATION, rc, "cannot list the interfaces of domain"
                           " %u", domid);
    int index = choose_index(list, nr);
    devices_free(list, nr);
    if (index < 0)
        return failure_set(failure, FAILURE_OPERATION, index, "domain %u has %u interfaces already",
                           domid, CONFIG_INTERFACES_MAX);
    return interface_attach(store, domid, (unsigned)index, interface, failure);
}

int domain_attach_interface(struct store_client *store, unsigned domid,
                            struct domain_interface *interface, struct failure *failure)
{
    int fd = lock_living(domid, failure);

    if (fd < 0)
        return fd;
    int rc = interface_fill_in(interface);
    if (rc != 0)
        failure_set(failure, FAILURE_OPERATION, rc, "cannot make a MAC address");
    if (rc == 0)
        rc = attach_interface(store, domid, interface, failure);
    if (rc == 0 && (rc = record_change_config(store, domid, add_interface, interface)) != 0)
        fail_to_note(domid, rc, failure);
    lock_release(fd);
    return rc;
}

/* The configuration knows an interface by its MAC, the caller perhaps by another name of it. */
static int find_mac(struct store_client *store, unsigned domid, const char *name, uint8_t mac[6])
{
    struct device_info *list;
    size_t nr;
    int rc = devices_list(store, domid, DEVICE_INTERFACE, &list, &nr);
    char number[16];

    if (rc != 0)
        return rc;
    rc = -ENOENT;
    for (size_t i = 0; rc != 0 && i < nr; i++) {
        snprintf(number, sizeof(number), "%u", list[i].id);
        if (strcmp(list[i].target, name) == 0 || strcasecmp(list[i].backend, name) == 0 ||
            strcmp(number, name) == 0)
            rc = value_read_mac(list[i].backend, mac);
    }
    devices_free(list, nr);
    return rc;
}

int domain_detach_interface(struct store_client *store, unsigned domid, const char *name,
                            bool force, int timeout_ms, struct failure *failure)
{
    int fd = lock_living(domid, failure);
    uint8_t mac[6];

    if (fd < 0)
        return fd;
    int known = find_mac(store, domid, name, mac);
    int rc = interface_detach(store, domid, name, force, timeout_ms, failure);
    if (rc == 0 && known == 0 &&
        (rc = record_change_config(store, domid, drop_interface, mac)) != 0)
        fail_to_note(domid, rc, failure);
    lock_release(fd);
    return rc;
}
