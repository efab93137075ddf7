/* SPDX-License-Identifier: MIT */
/*
 * Disk: attaching one. The order is what makes it safe to be killed anywhere: the claim is recorded
 * in the transaction that found no other, the loop device's number before that device is taken, and
 * both before the back end hears of the disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "device/claim.h"
#include "device/disk_name.h"
#include "device/ends.h"
#include "device/loop.h"
#include "device/release.h"

/* A disk's source, open and looked at. */
struct source {
    int fd;
    dev_t device; /* if it is a block device */
    struct claim claim;
};

static int config_error(struct failure *failure, int error, const char *what,
                        const struct domain_disk *disk)
{
    return failure_set(failure, FAILURE_CONFIG, error, "disk %s: %s", disk->source, what);
}

static int open_source(const struct domain_disk *disk, int *fd, struct failure *failure)
{
    /* Not to wait for what is no disk, such as a pipe without a writer. */
    int flags = (disk->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK;

    *fd = open(disk->source, flags);
    if (*fd >= 0)
        return 0;
    return failure_set(failure, FAILURE_CONFIG, -errno,
                       disk->readonly ? "cannot open disk %s" : "cannot open disk %s for writing",
                       disk->source);
}

static int source_size(const struct source *source, const struct stat *status, uint64_t *size)
{
    if (S_ISREG(status->st_mode)) {
        *size = (uint64_t)status->st_size;
        return 0;
    }
    return ioctl(source->fd, BLKGETSIZE64, size) == 0 ? 0 : -errno;
}

static int inspect_source(const struct domain_disk *disk, struct source *source,
                          struct failure *failure)
{
    uint64_t size;
    struct stat status;

    if (fstat(source->fd, &status) != 0)
        return failure_set(failure, FAILURE_FILE, -errno, "cannot look at disk %s", disk->source);
    if (disk->source_type == DISK_BLOCK && !S_ISBLK(status.st_mode))
        return config_error(failure, -ENOTBLK, "no block device; <disk type='file'> takes files",
                            disk);
    if (disk->source_type == DISK_FILE && !S_ISREG(status.st_mode))
        return config_error(failure, -EINVAL,
                            "no regular file; <disk type='block'> takes block devices", disk);
    source->device = status.st_rdev;
    int rc = source_size(source, &status, &size);
    if (rc)
        return failure_set(failure, FAILURE_FILE, rc, "cannot tell the size of disk %s",
                           disk->source);
    if (size < 512)
        return config_error(failure, -EINVAL, "it is empty", disk);
    if (disk->has_slice &&
        (disk->slice_offset > size || disk->slice_size > size - disk->slice_offset))
        return config_error(failure, -EINVAL, "the slice goes beyond its end", disk);
    source->claim.readonly = disk->readonly;
    source->claim.shareable = disk->shareable;
    rc = extent_of_fd(source->fd, disk->has_slice ? disk->slice_offset : 0,
                      disk->has_slice ? disk->slice_size : 0, &source->claim.extent);
    return rc ? failure_set(failure, FAILURE_FILE, rc, "cannot tell what disk %s lies on",
                            disk->source)
              : 0;
}

/* Opens and checks it, but for the claims of other domains. */
static int source_open(const struct domain_disk *disk, struct source *source,
                       struct failure *failure)
{
    int rc = open_source(disk, &source->fd, failure);

    if (rc)
        return rc;
    rc = inspect_source(disk, source, failure);
    if (rc == 0)
        rc = claim_check_host(source->fd, disk->source, &source->claim, failure);
    if (rc)
        close(source->fd);
    return rc;
}

static int disk_number(const struct domain_disk *disk, unsigned *number, struct failure *failure)
{
    if (disk_name_to_number(disk->target, number) == 0)
        return 0;
    return failure_set(failure, FAILURE_CONFIG, -EINVAL,
                       "disk %s: %s has no device number; use xvda, xvdb and so on", disk->source,
                       disk->target);
}

int disk_check(struct store_client *store, const struct domain_disk *disk, struct failure *failure)
{
    struct source source = { 0 };
    unsigned number;
    int rc = disk_number(disk, &number, failure);

    if (rc == 0)
        rc = source_open(disk, &source, failure);
    if (rc)
        return rc;
    rc = claim_check_domains(store, 0, disk->source, &source.claim, NULL, failure);
    close(source.fd);
    return rc ? failure_set(failure, FAILURE_OPERATION, rc, "cannot tell who uses disk %s",
                            disk->source)
              : 0;
}

static int record_write(struct store_client *store, store_tx_t tx,
                        const struct device_address *address, const char *name, const char *value)
{
    char path[DEVICE_PATH];

    device_record(address, name, path);
    return store_write(store, tx, path, value);
}

/* In one transaction: nobody else claims it, this domain has no such disk, now it is recorded. */
static int record_claim(struct store_client *store, store_tx_t tx,
                        const struct device_address *address, const struct domain_disk *disk,
                        const struct claim *claim, struct failure *failure)
{
    char text[CLAIM_TEXT], path[DEVICE_PATH], **names;
    size_t nr;

    device_record(address, "", path);
    int rc = store_list(store, tx, path, &names, &nr);
    free(names);
    if (rc == 0)
        return failure_set(failure, FAILURE_CONFIG, -EEXIST,
                           "disk %s: domain %u has a disk %s already", disk->source, address->domid,
                           disk->target);
    if (rc != -ENOENT)
        return rc;
    rc = claim_check_domains(store, tx, disk->source, claim, NULL, failure);
    claim_format(claim, text);
    if (rc == 0)
        rc = record_write(store, tx, address, "claim", text);
    if (rc == 0)
        rc = record_write(store, tx, address, "target", disk->target);
    return rc ? rc : record_write(store, tx, address, "source", disk->source);
}

static int claim_disk(struct store_client *store, const struct device_address *address,
                      const struct domain_disk *disk, const struct claim *claim,
                      struct failure *failure)
{
    store_tx_t tx;
    int rc;

    do {
        struct failure reason = { .kind = FAILURE_NONE };
        rc = store_begin(store, &tx);
        if (rc)
            break;
        rc = record_claim(store, tx, address, disk, claim, &reason);
        int rc_end = store_end(store, tx, rc == 0);
        rc = rc ? rc : rc_end;
        if (rc != -EAGAIN && reason.kind != FAILURE_NONE && failure->kind == FAILURE_NONE)
            *failure = reason;
    } while (rc == -EAGAIN);
    return rc;
}

/* Recorded first, then taken; if somebody else was quicker, the next one. */
static int take_loop(struct store_client *store, const struct device_address *address,
                     const struct domain_disk *disk, const struct source *source, unsigned *number,
                     dev_t *device, struct failure *failure)
{
    char text[16], tag[LOOP_TAG_SIZE];
    int rc;

    device_loop_tag(address, tag);
    do {
        rc = loop_find_free(number);
        if (rc)
            return failure_set(failure, FAILURE_OPERATION, rc,
                               "no loop device for disk %s (modprobe loop?)", disk->source);
        snprintf(text, sizeof(text), "%u", *number);
        rc = record_write(store, 0, address, "loop", text);
        if (rc)
            return rc;
        rc = loop_attach(*number, source->fd, disk->has_slice ? disk->slice_offset : 0,
                         disk->has_slice ? disk->slice_size : 0, disk->readonly, tag, device);
    } while (rc == -EBUSY);
    return rc ? failure_set(failure, FAILURE_OPERATION, rc, "cannot set up /dev/loop%u for disk %s",
                            *number, disk->source)
              : 0;
}

static int publish_disk(struct store_client *store, const struct device_address *address,
                        const struct domain_disk *disk, dev_t device, const char *served)
{
    char number[12], physical[32];

    snprintf(number, sizeof(number), "%u", address->id);
    snprintf(physical, sizeof(physical), "%x:%x", major(device), minor(device));
    const struct device_node back[] = { { "params", served },
                                        { "type", "phy" },
                                        { "dev", disk->target },
                                        { "mode", disk->readonly ? "r" : "w" },
                                        { "device-type", disk->cdrom ? "cdrom" : "disk" },
                                        { "removable", disk->cdrom ? "1" : "0" },
                                        { "bootable", "1" },
                                        { "discard-enable", disk->discard ? "1" : "0" },
                                        { "physical-device", physical },
                                        { "physical-device-path", served },
                                        { "hotplug-status", "connected" },
                                        { NULL, NULL } };
    const struct device_node front[] = { { "virtual-device", number },
                                         { "device-type", disk->cdrom ? "cdrom" : "disk" },
                                         { NULL, NULL } };
    return ends_publish(store, address, back, front);
}

static int serve_disk(struct store_client *store, const struct device_address *address,
                      const struct domain_disk *disk, struct source *source,
                      struct failure *failure)
{
    char loop[32];
    const char *served = disk->source;
    dev_t device = source->device;

    if (disk->source_type == DISK_FILE || disk->has_slice) {
        unsigned number;
        int rc = take_loop(store, address, disk, source, &number, &device, failure);
        if (rc)
            return rc;
        snprintf(loop, sizeof(loop), "/dev/loop%u", number);
        served = loop;
    }
    int rc = record_write(store, 0, address, "served", served);
    if (rc == 0)
        rc = publish_disk(store, address, disk, device, served);
    return rc ? rc : ends_await(store, address, failure);
}

int disk_attach(struct store_client *store, unsigned domid, const struct domain_disk *disk,
                struct failure *failure)
{
    struct device_address address = { DEVICE_DISK, domid, 0 };
    struct source source = { 0 };
    int rc = disk_number(disk, &address.id, failure);

    if (rc == 0)
        rc = source_open(disk, &source, failure);
    if (rc)
        return rc;
    rc = claim_disk(store, &address, disk, &source.claim, failure);
    if (rc == 0) {
        rc = serve_disk(store, &address, disk, &source, failure);
        /* The cause stays in failure, whatever becomes of giving things back. */
        if (rc)
            (void)device_release(store, &address);
    }
    close(source.fd);
    return rc ? failure_set(failure, FAILURE_OPERATION, rc, "cannot attach disk %s", disk->source)
              : 0;
}
