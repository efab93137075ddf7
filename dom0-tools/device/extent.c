/* SPDX-License-Identifier: MIT */
/*
 * Extent: seeing through partitions (by sysfs) and loop devices (by their status).
 */
#include "device/extent.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "device/loop.h"

#define SECTOR   512u
#define LAYERS   16 /* loop devices on partitions on loop devices ...: the kernel allows less */
#define LO_MAJOR 7u

/* One number, or two with a colon between, from a file of the block device in sysfs. */
static int read_attribute(dev_t device, const char *name, const char *format, void *a, void *b)
{
    char path[96];

    snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", major(device), minor(device), name);
    FILE *file = fopen(path, "re");
    if (!file)
        return -errno;
    int nr = fscanf(file, format, a, b);
    fclose(file);
    return nr == (b ? 2 : 1) ? 0 : -EIO;
}

/* Bytes from the start and, if the end is known, its end, moved up by `by` and held below limit. */
static void shift(struct extent *extent, uint64_t by, uint64_t limit)
{
    extent->start = extent->start > EXTENT_END - by ? EXTENT_END : extent->start + by;
    extent->end = extent->end > EXTENT_END - by ? EXTENT_END : extent->end + by;
    if (extent->end > limit)
        extent->end = limit;
}

int extent_whole_disk(dev_t device, dev_t *disk)
{
    unsigned partition, number[2];
    int rc = read_attribute(device, "partition", "%u", &partition, NULL);

    *disk = device;
    if (rc)
        return rc == -ENOENT ? 0 : rc;
    rc = read_attribute(device, "../dev", "%u:%u", &number[0], &number[1]);
    if (rc == 0)
        *disk = makedev(number[0], number[1]);
    return rc;
}

/* 1: it was a partition, and the extent now is on its whole disk. */
static int through_partition(struct extent *extent)
{
    uint64_t start, size;
    dev_t disk;
    int rc = extent_whole_disk(extent->device, &disk);

    if (rc || disk == extent->device)
        return rc;
    rc = read_attribute(extent->device, "start", "%" SCNu64, &start, NULL);
    if (rc == 0)
        rc = read_attribute(extent->device, "size", "%" SCNu64, &size, NULL);
    if (rc)
        return rc;
    shift(extent, start * SECTOR, (start + size) * SECTOR);
    extent->device = disk;
    return 1;
}

/* Device numbers in a loop device's status have 12 bits of major between 20 of minor. */
static dev_t status_device(uint64_t number)
{
    return makedev((unsigned)(number >> 8) & 0xfff,
                   (unsigned)((number & 0xff) | ((number >> 12) & 0xfff00)));
}

/* 1: it was a loop device in use, and the extent now is on what that serves. */
static int through_loop(struct extent *extent)
{
    struct loop_info64 info;
    unsigned number;
    char name[32], path[64];

    if (major(extent->device) != LO_MAJOR)
        return 0;
    /* The number is that of the name; minors are spread when each may have partitions. */
    snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(extent->device),
             minor(extent->device));
    char target[256];
    ssize_t length = readlink(path, target, sizeof(target) - 1);
    if (length < 0)
        return -errno;
    target[length] = '\0';
    const char *slash = strrchr(target, '/');
    if (!slash || sscanf(slash, "/%31[a-z]%u", name, &number) != 2)
        return 0;
    int rc = loop_status(number, &info);
    if (rc)
        return rc == -ENXIO ? 0 : rc;
    shift(extent, info.lo_offset,
          info.lo_sizelimit ? info.lo_offset + info.lo_sizelimit : EXTENT_END);
    if (info.lo_rdevice) {
        extent->device = status_device(info.lo_rdevice);
        return 1;
    }
    extent->device = status_device(info.lo_device);
    extent->inode = info.lo_inode;
    return 1;
}

static int see_through(struct extent *extent)
{
    for (int i = 0; i < LAYERS && extent->inode == 0; i++) {
        int rc = through_partition(extent);
        if (rc == 0)
            rc = through_loop(extent);
        if (rc <= 0)
            return rc;
    }
    return extent->inode ? 0 : -ELOOP;
}

int extent_of_device(dev_t device, struct extent *extent)
{
    *extent = (struct extent){ .device = device, .end = EXTENT_END };
    return see_through(extent);
}

int extent_of_fd(int fd, uint64_t start, uint64_t size, struct extent *extent)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return -errno;
    bool is_block = S_ISBLK(status.st_mode);
    *extent = (struct extent){ .device = is_block ? status.st_rdev : status.st_dev,
                               .inode = is_block ? 0 : status.st_ino,
                               .start = start,
                               .end = size ? start + size : EXTENT_END };
    return is_block ? see_through(extent) : 0;
}

bool extent_overlaps(const struct extent *a, const struct extent *b)
{
    return a->device == b->device && a->inode == b->inode && a->start < b->end && b->start < a->end;
}

void extent_format(const struct extent *extent, char text[EXTENT_TEXT])
{
    snprintf(text, EXTENT_TEXT, "%u:%u %" PRIu64 " %" PRIu64 " %" PRIu64, major(extent->device),
             minor(extent->device), extent->inode, extent->start, extent->end);
}

const char *extent_parse(const char *text, struct extent *extent)
{
    unsigned device[2];
    int length = 0;

    if (sscanf(text, "%u:%u %" SCNu64 " %" SCNu64 " %" SCNu64 "%n", &device[0], &device[1],
               &extent->inode, &extent->start, &extent->end, &length) != 5)
        return NULL;
    extent->device = makedev(device[0], device[1]);
    return text + length;
}
