/* SPDX-License-Identifier: MIT */
/*
 * Identities of kernel files, and the bounds of the cache. An identity is a symbolic link, which
 * is made and read whole; it never leads outside, for only its text is used.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/cache_folder.h"

#define IDENTITY_SIZE  160
#define IDENTITIES_MAX 64 /* links kept: the oldest go first */

static void identity_text(const struct stat *st, char text[IDENTITY_SIZE])
{
    snprintf(text, IDENTITY_SIZE, "id.%jx-%jx-%jx-%jx.%lx-%jx.%lx", (uintmax_t)st->st_dev,
             (uintmax_t)st->st_ino, (uintmax_t)st->st_size, (uintmax_t)st->st_mtim.tv_sec,
             st->st_mtim.tv_nsec, (uintmax_t)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
}

static int link_read(int folder, const char *link, char name[CACHE_NAME_SIZE])
{
    ssize_t n = readlinkat(folder, link, name, CACHE_NAME_SIZE);

    if (n != CACHE_NAME_SIZE - 1)
        return -ENOENT;
    name[n] = 0;
    return strspn(name, "0123456789abcdef") == CACHE_NAME_SIZE - 1 ? 0 : -ENOENT;
}

int cache_identity_find(int folder, const struct stat *file, char name[CACHE_NAME_SIZE])
{
    char text[IDENTITY_SIZE];

    identity_text(file, text);
    return link_read(folder, text, name);
}

void cache_identity_add(int folder, const struct stat *file, const char *name)
{
    char text[IDENTITY_SIZE];

    identity_text(file, text);
    (void)unlinkat(folder, text, 0);
    if (symlinkat(name, folder, text) != 0)
        return; /* the next start reads the file once more */
}

struct entry {
    char *name;
    struct timespec used;
    uint64_t bytes;
};

struct entries {
    struct entry *list;
    size_t nr;
    uint64_t bytes;
};

static bool has_ending(const char *name, const char *ending)
{
    size_t n = strlen(name), m = strlen(ending);

    return n >= m && strcmp(name + n - m, ending) == 0;
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

static void entries_add(struct entries *entries, const char *name, const struct stat *st)
{
    struct entry *list = realloc(entries->list, (entries->nr + 1) * sizeof(*list));

    if (!list)
        return;
    entries->list = list;
    char *copy = strdup(name);
    if (!copy)
        return;
    list[entries->nr++] = (struct entry){ copy, st->st_atim, (uint64_t)st->st_blocks * 512 };
    entries->bytes += (uint64_t)st->st_blocks * 512;
}

static void entries_free(struct entries *entries)
{
    for (size_t i = 0; i < entries->nr; i++)
        free(entries->list[i].name);
    free(entries->list);
}

/* Removes the entry that was used longest ago, but for those that start with `keep`. */
static bool drop_oldest(int folder, struct entries *entries, const char *keep)
{
    struct entry *oldest = NULL;

    for (size_t i = 0; i < entries->nr; i++) {
        struct entry *e = &entries->list[i];
        if ((!keep || strncmp(e->name, keep, CACHE_NAME_SIZE - 1) != 0) &&
            (!oldest || is_later(&oldest->used, &e->used)))
            oldest = e;
    }
    if (!oldest)
        return false;
    (void)unlinkat(folder, oldest->name, 0);
    free(oldest->name);
    entries->bytes -= oldest->bytes;
    *oldest = entries->list[--entries->nr];
    return true;
}

/* A seal without its content, or a link to none. */
static bool leads_nowhere(int folder, const char *file)
{
    char path[CACHE_NAME_SIZE + 8], name[CACHE_NAME_SIZE] = "";

    if (has_ending(file, ".seal"))
        snprintf(name, sizeof(name), "%.64s", file);
    else if (link_read(folder, file, name) != 0)
        return true;
    snprintf(path, sizeof(path), "%s.elf", name);
    return faccessat(folder, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
}

/* Calls visit for each file; a folder that cannot be listed has none. */
static void each_file(int folder, void (*visit)(int folder, const char *name, void *context),
                      void *context)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = fd >= 0 ? fdopendir(fd) : NULL;

    if (!listing) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *e = readdir(listing); e; e = readdir(listing))
        if (e->d_name[0] != '.')
            visit(folder, e->d_name, context);
    closedir(listing);
}

struct listed {
    struct entries contents, identities;
};

static void sort_out(int folder, const char *name, void *context)
{
    struct listed *listed = context;
    struct stat st;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    if (strncmp(name, "new.", 4) == 0)
        (void)unlinkat(folder, name, 0); /* its writer held the lock that is ours now */
    else if (has_ending(name, ".elf"))
        entries_add(&listed->contents, name, &st);
    else if (strncmp(name, "id.", 3) == 0)
        entries_add(&listed->identities, name, &st);
}

static void remove_loose(int folder, const char *name, void *context)
{
    (void)context;
    if ((has_ending(name, ".seal") || strncmp(name, "id.", 3) == 0) && leads_nowhere(folder, name))
        (void)unlinkat(folder, name, 0);
}

void cache_trim(int folder, const struct kernel_cache *limits, const char *name)
{
    struct listed listed = { { 0 }, { 0 } };
    struct entries *contents = &listed.contents;

    each_file(folder, sort_out, &listed);
    while (contents->nr > limits->kernels_max || contents->bytes > limits->bytes_max)
        if (!drop_oldest(folder, contents, name))
            break;
    while (listed.identities.nr > IDENTITIES_MAX)
        if (!drop_oldest(folder, &listed.identities, NULL))
            break;
    each_file(folder, remove_loose, NULL);
    entries_free(&listed.contents);
    entries_free(&listed.identities);
}
