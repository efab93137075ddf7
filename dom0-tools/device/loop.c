/* SPDX-License-Identifier: MIT */
/*
 * Loop device: the kernel's interface to them.
 */
#include "device/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int loop_open(unsigned number, int flags)
{
    char path[32];

    snprintf(path, sizeof(path), "/dev/loop%u", number);
    int fd = open(path, flags | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int loop_find_free(unsigned *number)
{
    int fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    int free = ioctl(fd, LOOP_CTL_GET_FREE);
    int rc = free < 0 ? -errno : 0;
    close(fd);
    *number = (unsigned)free;
    return rc;
}

int loop_attach(unsigned number, int fd, uint64_t offset, uint64_t size, bool readonly,
                const char *tag, dev_t *device)
{
    struct loop_config config = { .fd = (uint32_t)fd };
    struct stat status;
    int loop = loop_open(number, readonly ? O_RDONLY : O_RDWR);

    if (loop < 0)
        return loop;
    config.info.lo_offset = offset;
    config.info.lo_sizelimit = size;
    config.info.lo_flags = LO_FLAGS_DIRECT_IO | (readonly ? (uint32_t)LO_FLAGS_READ_ONLY : 0);
    snprintf((char *)config.info.lo_file_name, LO_NAME_SIZE, "%s", tag);
    int rc = fstat(loop, &status) == 0 && ioctl(loop, LOOP_CONFIGURE, &config) == 0 ? 0 : -errno;
    close(loop);
    if (rc == 0)
        *device = status.st_rdev;
    return rc;
}

static int read_status(int loop, struct loop_info64 *info)
{
    if (ioctl(loop, LOOP_GET_STATUS64, info) != 0)
        return -errno;
    info->lo_file_name[LO_NAME_SIZE - 1] = '\0';
    return 0;
}

int loop_detach(unsigned number, const char *tag)
{
    struct loop_info64 info;
    int loop = loop_open(number, O_RDONLY);

    if (loop < 0)
        return loop == -ENOENT || loop == -ENXIO ? 0 : loop;
    int rc = read_status(loop, &info);
    if (rc == 0 && strcmp((const char *)info.lo_file_name, tag) == 0)
        rc = ioctl(loop, LOOP_CLR_FD) == 0 ? 0 : -errno;
    close(loop);
    return rc == -ENXIO ? 0 : rc;
}

int loop_status(unsigned number, struct loop_info64 *info)
{
    int loop = loop_open(number, O_RDONLY);

    if (loop < 0)
        return loop == -ENOENT ? -ENXIO : loop;
    int rc = read_status(loop, info);
    close(loop);
    return rc;
}
