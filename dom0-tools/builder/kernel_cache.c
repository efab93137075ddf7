/* SPDX-License-Identifier: MIT */
/*
 * Finds a kernel in the cache, or unpacks it and puts it there. Whoever has to unpack holds the
 * folder's lock meanwhile, so that of several starts with a new kernel one does the work.
 */
#include "builder/kernel_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "builder/cache_folder.h"
#include "extract-kernel/kernel_image.h"

/* A kernel's file, read whole. */
struct source {
    const char *path;
    struct stat st;
    uint8_t *data;
    bool is_settled; /* a later change would change its times */
};

static int source_open(const char *path, struct stat *st, struct failure *failure)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return failure_set(failure, FAILURE_FILE, -errno, "kernel %s cannot be opened", path);
    int rc = fstat(fd, st) != 0 ? -errno : 0;
    if (rc == 0 && !S_ISREG(st->st_mode))
        rc = failure_set(failure, FAILURE_FILE, -EINVAL, "kernel %s: not a file", path);
    if (rc == 0 && (uint64_t)st->st_size > KERNEL_IMAGE_MAX)
        rc = failure_set(failure, FAILURE_FILE, -EFBIG,
                         "kernel %s: %jd MiB, more than the limit of %zu MiB", path,
                         (intmax_t)st->st_size >> 20, KERNEL_IMAGE_MAX >> 20);
    if (rc) {
        close(fd);
        return failure_set(failure, FAILURE_FILE, rc, "kernel %s cannot be read", path);
    }
    return fd;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

static int read_all(int fd, uint8_t *data, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t n = pread(fd, data + at, size - at, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EAGAIN;
        at += (size_t)n;
    }
    return 0;
}

/*
 * A file's times have the coarse clock's steps: only when that clock has moved on since the last
 * change can a later change of the same size not go unnoticed.
 */
static int source_read(int fd, struct source *source, struct failure *failure)
{
    size_t size = (size_t)source->st.st_size;
    struct timespec now;
    struct stat after;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    source->is_settled = is_before(&source->st.st_ctim, &now);
    source->data = malloc(size ? size : 1);
    int rc = source->data ? read_all(fd, source->data, size) : -ENOMEM;
    if (rc == 0 && fstat(fd, &after) != 0)
        rc = -errno;
    if (rc == 0 && (after.st_size != source->st.st_size ||
                    !same_time(&after.st_mtim, &source->st.st_mtim) ||
                    !same_time(&after.st_ctim, &source->st.st_ctim)))
        rc = -EAGAIN;
    if (rc == -EAGAIN)
        return failure_set(failure, FAILURE_FILE, rc, "kernel %s: changed while it was read",
                           source->path);
    return rc ? failure_set(failure, FAILURE_FILE, rc, "kernel %s cannot be read", source->path)
              : 0;
}

static int source_unpack(const struct source *source, uint8_t **elf, size_t *size,
                         struct failure *failure)
{
    struct kernel_image_error error;
    int rc = kernel_image_extract(source->data, (size_t)source->st.st_size, elf, size, &error);

    return rc ? failure_set(failure, FAILURE_FILE, rc, "kernel %s: %s", source->path, error.text)
              : 0;
}

/* The image as a file that has no name. */
static int in_memory(const uint8_t *elf, size_t size, struct failure *failure)
{
    int fd = memfd_create("kernel", MFD_CLOEXEC);
    int rc = fd < 0 ? -errno : sparse_write(fd, elf, size);

    if (rc == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return failure_set(failure, FAILURE_OPERATION, rc, "no memory to unpack the kernel");
}

static int unpack_and_keep(const struct kernel_cache *cache, int folder,
                           const struct source *source, const char *name, struct failure *failure)
{
    uint8_t *elf;
    size_t size;
    int rc = source_unpack(source, &elf, &size, failure);

    if (rc)
        return rc;
    int fd = folder >= 0 ? cache_content_add(folder, name, elf, size) : -ENOENT;
    if (fd >= 0)
        cache_trim(folder, cache, name);
    else
        fd = in_memory(elf, size, failure);
    free(elf);
    return fd;
}

/* The kernel's file is not known: reads it whole. */
static int take(const struct kernel_cache *cache, int folder, struct source *source,
                struct failure *failure)
{
    char name[CACHE_NAME_SIZE];

    if (folder < 0 || cache_folder_lock(folder) != 0)
        return unpack_and_keep(cache, -1, source, NULL, failure);
    cache_name(source->data, (size_t)source->st.st_size, name);
    int fd = cache_content_open(folder, name);
    if (fd < 0)
        fd = cache_content_verify(folder, name);
    if (fd < 0)
        fd = unpack_and_keep(cache, folder, source, name, failure);
    if (fd >= 0 && source->is_settled)
        cache_identity_add(folder, &source->st, name);
    return fd;
}

int kernel_cache_open(const struct kernel_cache *cache, const char *path, struct failure *failure)
{
    struct source source = { .path = path };
    char name[CACHE_NAME_SIZE];
    int file = source_open(path, &source.st, failure);

    if (file < 0)
        return file;
    int folder = cache_folder_open(cache->folder), fd = -ENOENT;
    if (folder >= 0 && cache_identity_find(folder, &source.st, name) == 0)
        fd = cache_content_open(folder, name);
    if (fd < 0) {
        fd = source_read(file, &source, failure);
        if (fd == 0)
            fd = take(cache, folder, &source, failure);
        free(source.data);
    }
    if (folder >= 0)
        close(folder);
    close(file);
    return fd;
}
