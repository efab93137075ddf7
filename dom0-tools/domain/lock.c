/* SPDX-License-Identifier: MIT */
/*
 * Locks: flock() on files in DAEMON_RUN_DIR. A lock's file may be removed by its holder, so whoever
 * got the lock looks whether the file still has its name; if not, somebody may hold another file of
 * that name, and it tries again.
 */
#include "domain/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/daemon.h"

#define PATH_SIZE 64

static void domain_path(unsigned domid, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, DAEMON_RUN_DIR "/domain-%u.lock", domid);
}

static int open_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0 && errno == ENOENT && mkdir(DAEMON_RUN_DIR, 0755) == 0)
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : fd;
}

static int has_name(int fd, const char *path)
{
    struct stat here, there;

    return fstat(fd, &here) == 0 && stat(path, &there) == 0 && here.st_ino == there.st_ino &&
           here.st_dev == there.st_dev;
}

static int lock_file(const char *path, int how)
{
    for (;;) {
        int fd = open_file(path);

        if (fd < 0)
            return fd;
        if (flock(fd, how) != 0) {
            int rc = -errno;

            close(fd);
            return rc;
        }
        if (has_name(fd, path))
            return fd;
        close(fd);
    }
}

int lock_creation(void)
{
    return lock_file(DAEMON_RUN_DIR "/create.lock", LOCK_EX);
}

int lock_domain(unsigned domid)
{
    char path[PATH_SIZE];

    domain_path(domid, path);
    return lock_file(path, LOCK_EX);
}

int lock_try_domain(unsigned domid)
{
    char path[PATH_SIZE];

    domain_path(domid, path);
    return lock_file(path, LOCK_EX | LOCK_NB);
}

void lock_release(int fd)
{
    if (fd >= 0)
        close(fd);
}

void lock_forget(unsigned domid)
{
    char path[PATH_SIZE];

    domain_path(domid, path);
    unlink(path);
}
