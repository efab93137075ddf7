/* SPDX-License-Identifier: MIT */
/*
 * Order: files in a folder of DAEMON_RUN_DIR, locked by flock() as long as their worker lives.
 */
#include "laminad/order.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "config/values.h"
#include "domain/uuid.h"

#define SUFFIX    ".xml"
#define FIRST     "first-" /* starts without a predecessor: first-NAME.xml */
#define TEMPORARY ".new-%d"

void order_name(const struct order *order, const char *name, char text[ORDER_NAME_SIZE])
{
    char uuid[UUID_TEXT_SIZE];

    if (order->has_predecessor) {
        uuid_write(order->uuid, uuid);
        snprintf(text, ORDER_NAME_SIZE, "%u_%s_%u" SUFFIX, order->predecessor, uuid,
                 order->nr_quick);
    } else {
        snprintf(text, ORDER_NAME_SIZE, FIRST "%s" SUFFIX, name);
    }
}

bool order_parse(const char *text, struct order *order)
{
    char uuid[UUID_TEXT_SIZE];
    size_t size = strlen(text);
    int end = 0;

    *order = (struct order){ 0 };
    if (size < sizeof(SUFFIX) || strcmp(text + size - strlen(SUFFIX), SUFFIX) != 0)
        return false;
    if (strncmp(text, FIRST, strlen(FIRST)) == 0)
        return true;
    order->has_predecessor = true;
    return sscanf(text, "%u_%36[0-9a-f-]_%u%n", &order->predecessor, uuid, &order->nr_quick,
                  &end) == 3 &&
           strcmp(text + end, SUFFIX) == 0 && value_read_uuid(uuid, order->uuid) == 0;
}

static int path_of(char path[PATH_MAX], const char *folder, const char *name)
{
    return snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Locked before anyone can find it: the final name is a second one for the same file. */
static int publish(const char *temporary, const char *final, const char *text)
{
    int fd = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return -errno;
    int rc = flock(fd, LOCK_EX) == 0 ? write_all(fd, text, strlen(text)) : -errno;
    if (rc == 0 && link(temporary, final) != 0)
        rc = -errno;
    (void)unlink(temporary);
    if (rc == 0)
        return fd;
    close(fd);
    return rc;
}

int order_write(const char *folder, const char *name, const struct domain_config *config)
{
    char temporary_name[32], temporary[PATH_MAX], final[PATH_MAX];
    int rc = path_of(final, folder, name);

    snprintf(temporary_name, sizeof(temporary_name), TEMPORARY, (int)getpid());
    if (rc == 0)
        rc = path_of(temporary, folder, temporary_name);
    if (rc == 0)
        rc = make_parents(final, 0700);
    char *text = rc ? NULL : domain_config_write(config);
    if (text)
        rc = publish(temporary, final, text);
    else if (rc == 0)
        rc = -ENOMEM;
    free(text);
    return rc;
}

static bool has_name(int fd, const char *path)
{
    struct stat here, there;

    return fstat(fd, &here) == 0 && stat(path, &there) == 0 && here.st_ino == there.st_ino &&
           here.st_dev == there.st_dev;
}

int order_lock(const char *folder, const char *name)
{
    char path[PATH_MAX];
    int rc = path_of(path, folder, name);
    int fd = rc ? rc : open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return rc ? rc : -errno;
    if (flock(fd, LOCK_EX) != 0)
        rc = -errno;
    else if (!has_name(fd, path))
        rc = -ENOENT;
    if (rc == 0)
        return fd;
    close(fd);
    return rc;
}

void order_finish(const char *folder, const char *name, int fd)
{
    char path[PATH_MAX];

    if (path_of(path, folder, name) == 0)
        (void)unlink(path);
    close(fd);
}

int order_for_each(const char *folder, void (*visit)(void *context, const char *name),
                   void *context)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    struct order order;

    if (!dir)
        return errno == ENOENT ? 0 : -errno;
    while ((entry = readdir(dir)) != NULL)
        if (order_parse(entry->d_name, &order))
            visit(context, entry->d_name);
    closedir(dir);
    return 0;
}

struct search {
    unsigned domid;
    bool is_found;
};

static void compare(void *context, const char *name)
{
    struct search *search = context;
    struct order order;

    if (order_parse(name, &order) && order.has_predecessor && order.predecessor == search->domid)
        search->is_found = true;
}

int order_replaces(const char *folder, unsigned domid)
{
    struct search search = { domid, false };
    int rc = order_for_each(folder, compare, &search);

    return rc ? rc : search.is_found;
}
