/* SPDX-License-Identifier: MIT */
/*
 * Whole input and output: loops round calls that may do a part.
 */
#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int write_all(int fd, const void *data, size_t size)
{
    const uint8_t *next = data;

    while (size > 0) {
        ssize_t n = write(fd, next, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        next += n;
        size -= (size_t)n;
    }
    return 0;
}

/* Up to size bytes, less at the end of the file. */
static ssize_t read_some(int fd, uint8_t *data, size_t size)
{
    size_t have = 0;

    while (have < size) {
        ssize_t n = read(fd, data + have, size - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        have += (size_t)n;
    }
    return (ssize_t)have;
}

int read_whole(int fd, size_t size_max, uint8_t **data, size_t *size)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    if (st.st_size < 0 || (uint64_t)st.st_size > size_max)
        return -EFBIG;
    uint8_t *block = malloc((size_t)st.st_size + 1);
    if (!block)
        return -ENOMEM;
    ssize_t n = read_some(fd, block, (size_t)st.st_size);
    if (n < 0) {
        free(block);
        return (int)n;
    }
    block[n] = '\0';
    *data = block;
    *size = (size_t)n;
    return 0;
}

static int fill_temporary(int fd, const void *data, size_t size, mode_t mode)
{
    mode_t mask = umask(0);
    umask(mask);

    int rc = write_all(fd, data, size);
    if (rc == 0 && (fchmod(fd, mode & ~mask) != 0 || fsync(fd) != 0))
        rc = -errno;
    if (close(fd) != 0 && rc == 0)
        rc = -errno;
    return rc;
}

int replace_file(const char *path, const void *data, size_t size, mode_t mode)
{
    char *temporary = NULL;

    if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
        return -ENOMEM;
    int fd = mkostemp(temporary, O_CLOEXEC);
    int rc = fd < 0 ? -errno : fill_temporary(fd, data, size, mode);
    if (rc == 0 && rename(temporary, path) != 0)
        rc = -errno;
    if (rc != 0 && fd >= 0)
        unlink(temporary);
    free(temporary);
    return rc;
}

int make_parents(const char *path, mode_t mode)
{
    char *copy = strdup(path);
    int rc = 0;

    if (!copy)
        return -ENOMEM;
    for (char *slash = strchr(copy + 1, '/'); slash && rc == 0; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, mode) != 0 && errno != EEXIST)
            rc = -errno;
        *slash = '/';
    }
    free(copy);
    return rc;
}
