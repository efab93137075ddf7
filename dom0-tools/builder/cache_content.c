/* SPDX-License-Identifier: MIT */
/*
 * Contents of the cache: unpacked kernels and their seals. A seal names what a file system changes
 * whenever a file is replaced, written or cut; when that differs, the content is hashed, once.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sha2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "builder/cache_folder.h"

#define SEAL_MAX   256
#define HOLE_PAGES 16 /* shorter runs of zeros are not worth a hole */
#define PAGE_BYTES 4096u

_Static_assert(CACHE_NAME_SIZE == SHA256_DIGEST_STRING_LENGTH, "a name is a hash");

struct seal {
    char hash[CACHE_NAME_SIZE];
    uint64_t inode, size;
    int64_t seconds, nanoseconds;
};

void cache_name(const void *data, size_t size, char name[CACHE_NAME_SIZE])
{
    SHA256Data(data, size, name);
}

/* Makes the folders above and the folder itself. */
static void make_folders(const char *path)
{
    char *copy = strdup(path);

    for (char *at = copy ? strchr(copy + 1, '/') : NULL; at; at = strchr(at + 1, '/')) {
        *at = 0;
        (void)mkdir(copy, 0755);
        *at = '/';
    }
    if (copy)
        (void)mkdir(copy, 0700);
    free(copy);
}

int cache_folder_open(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0 && errno == ENOENT) {
        make_folders(path);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    }
    if (fd < 0)
        return -errno;
    /* Who else can write here chooses what domains run. */
    if (fstat(fd, &st) != 0 || st.st_uid != geteuid() || (st.st_mode & 022) != 0) {
        close(fd);
        return -EACCES;
    }
    return fd;
}

int cache_folder_lock(int folder)
{
    int rc;

    do
        rc = flock(folder, LOCK_EX);
    while (rc != 0 && errno == EINTR);
    return rc ? -errno : 0;
}

static void file_name(char out[CACHE_NAME_SIZE + 8], const char *name, const char *kind)
{
    snprintf(out, CACHE_NAME_SIZE + 8, "%.64s.%s", name, kind);
}

static bool seal_matches(const struct seal *seal, const struct stat *st)
{
    return seal->inode == st->st_ino && seal->size == (uint64_t)st->st_size &&
           seal->seconds == st->st_mtim.tv_sec && seal->nanoseconds == st->st_mtim.tv_nsec;
}

static int seal_read(int folder, const char *name, struct seal *seal)
{
    char path[CACHE_NAME_SIZE + 8], text[SEAL_MAX + 1];

    file_name(path, name, "seal");
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -ENOENT;
    ssize_t n = read(fd, text, SEAL_MAX);
    close(fd);
    if (n <= 0)
        return -ENOENT;
    text[n] = 0;
    return sscanf(text, "%64s %" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNd64, seal->hash,
                  &seal->inode, &seal->size, &seal->seconds, &seal->nanoseconds) == 5
               ? 0
               : -ENOENT;
}

/* A new file that gets its name by rename. */
static int temporary_open(int folder, const char *path)
{
    (void)unlinkat(folder, path, 0);
    int fd = openat(folder, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd < 0 ? -errno : fd;
}

static int seal_write(int folder, const char *name, const char *hash, const struct stat *st)
{
    char path[CACHE_NAME_SIZE + 8], text[SEAL_MAX];
    int fd = temporary_open(folder, "new.seal");

    if (fd < 0)
        return fd;
    int length = snprintf(text, sizeof(text), "%s %ju %jd %jd %ld\n", hash, (uintmax_t)st->st_ino,
                          (intmax_t)st->st_size, (intmax_t)st->st_mtim.tv_sec,
                          st->st_mtim.tv_nsec);
    int rc = write(fd, text, (size_t)length) == length ? 0 : -EIO;
    close(fd);
    file_name(path, name, "seal");
    if (rc == 0 && renameat(folder, "new.seal", folder, path) != 0)
        rc = -errno;
    return rc;
}

static int content_open(int folder, const char *name, struct stat *st)
{
    char path[CACHE_NAME_SIZE + 8];

    file_name(path, name, "elf");
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode)) {
        close(fd);
        return -ESTALE;
    }
    return fd;
}

int cache_content_open(int folder, const char *name)
{
    struct seal seal;
    struct stat st;
    int fd = content_open(folder, name, &st);

    if (fd < 0)
        return fd;
    if (seal_read(folder, name, &seal) != 0 || !seal_matches(&seal, &st)) {
        close(fd);
        return -ESTALE;
    }
    /* The time of reading says which kernel was used last; a file system may not keep it itself. */
    (void)futimens(fd, (struct timespec[2]){ { .tv_nsec = UTIME_NOW }, { .tv_nsec = UTIME_OMIT } });
    return fd;
}

static bool hash_is(int fd, size_t size, const char *hash)
{
    char found[CACHE_NAME_SIZE];
    void *data = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;

    if (data == MAP_FAILED)
        return false;
    SHA256Data(data, size, found);
    munmap(data, size);
    return strcmp(found, hash) == 0;
}

int cache_content_verify(int folder, const char *name)
{
    char path[CACHE_NAME_SIZE + 8];
    struct seal seal;
    struct stat st;
    int fd = content_open(folder, name, &st);

    if (fd >= 0 && seal_read(folder, name, &seal) == 0 && seal.size == (uint64_t)st.st_size &&
        hash_is(fd, (size_t)st.st_size, seal.hash) &&
        seal_write(folder, name, seal.hash, &st) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    file_name(path, name, "elf");
    (void)unlinkat(folder, path, 0);
    return -ENOENT;
}

static bool is_zero(const uint8_t *page, size_t size)
{
    return page[0] == 0 && memcmp(page, page + 1, size - 1) == 0;
}

static size_t page_at(size_t at, size_t size)
{
    return size - at < PAGE_BYTES ? size - at : PAGE_BYTES;
}

/* End of the run of pages from `at` that are all zero, or all not. */
static size_t run_end(const uint8_t *data, size_t at, size_t size, bool zero)
{
    while (at < size && is_zero(data + at, page_at(at, size)) == zero)
        at += page_at(at, size);
    return at;
}

static int write_all(int fd, const uint8_t *data, size_t size, size_t offset)
{
    while (size > 0) {
        ssize_t n = pwrite(fd, data, size, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        data += n;
        offset += (size_t)n;
        size -= (size_t)n;
    }
    return 0;
}

int sparse_write(int fd, const uint8_t *data, size_t size)
{
    size_t at = 0; /* what is before it is written */

    for (size_t end = 0; end < size;) {
        size_t hole = run_end(data, end, size, false);
        end = run_end(data, hole, size, true);
        if (end - hole < HOLE_PAGES * PAGE_BYTES && end < size)
            continue;
        int rc = write_all(fd, data + at, hole - at, at);
        if (rc)
            return rc;
        at = end;
    }
    return ftruncate(fd, (off_t)size) == 0 ? 0 : -errno;
}

int cache_content_add(int folder, const char *name, const uint8_t *elf, size_t size)
{
    char path[CACHE_NAME_SIZE + 8], hash[CACHE_NAME_SIZE];
    struct stat st;
    int fd = temporary_open(folder, "new.elf");

    if (fd < 0)
        return fd;
    SHA256Data(elf, size, hash);
    file_name(path, name, "elf");
    int rc = sparse_write(fd, elf, size);
    if (rc == 0 && (fsync(fd) != 0 || fstat(fd, &st) != 0))
        rc = -errno;
    if (rc == 0)
        rc = seal_write(folder, name, hash, &st);
    if (rc == 0 && renameat(folder, "new.elf", folder, path) != 0)
        rc = -errno;
    if (rc) {
        (void)unlinkat(folder, "new.elf", 0);
        close(fd);
        return rc;
    }
    return fd;
}
