/* SPDX-License-Identifier: MIT */
/*
 * Log: appending and moving along. A file that is no regular file is not opened: a pipe or a device
 * could hold up the daemon, and with it all domains.
 */
#include "consoled/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "common/daemon.h"
#include "common/io.h"

#define LOG_MODE    0600 /* passwords are typed at consoles */
#define FOLDER_MODE 0700
#define PART_NAME   (PATH_MAX + 16) /* with a dot and a number */

static void complain(struct log *log, int rc)
{
    if (!log->is_failing)
        daemon_log(LOG_ERR, "%s: %s; this output is not kept", log->path, strerror(-rc));
    log->is_failing = true;
}

static int open_file(const char *path, int flags)
{
    struct stat st;
    int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, LOG_MODE);

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return -EINVAL;
    }
    return fd;
}

static int begin(struct log *log, int more_flags)
{
    int flags = O_WRONLY | O_APPEND | O_CREAT | more_flags;
    struct stat st;

    log->fd = open_file(log->path, flags);
    if (log->fd == -ENOENT) {
        int rc = make_parents(log->path, FOLDER_MODE);
        log->fd = rc ? rc : open_file(log->path, flags);
    }
    if (log->fd < 0) {
        complain(log, log->fd);
        return log->fd;
    }
    log->size = fstat(log->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
    log->is_failing = false;
    return 0;
}

int log_open(struct log *log, const struct log_limits *limits, const char *path, bool is_new)
{
    *log = (struct log){ .limits = limits, .fd = -ENAMETOOLONG };
    if (strlen(path) >= sizeof(log->path)) {
        complain(log, log->fd);
        return log->fd;
    }
    strcpy(log->path, path);
    return begin(log, is_new ? O_TRUNC : 0);
}

void log_close(struct log *log)
{
    if (log->fd >= 0)
        close(log->fd);
    *log = (struct log){ .fd = -EBADF };
}

int log_reopen(struct log *log)
{
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -EBADF;
    return log->path[0] ? begin(log, 0) : log->fd;
}

static void part_name(const struct log *log, unsigned number, char name[PART_NAME])
{
    if (number == 0)
        snprintf(name, PART_NAME, "%s", log->path);
    else
        snprintf(name, PART_NAME, "%s.%u", log->path, number);
}

/* Killed in between, it leaves a number out; nothing but the oldest part is ever lost. */
static void rotate(struct log *log)
{
    char from[PART_NAME], to[PART_NAME];

    for (unsigned i = log->limits->nr_kept; i > 0; i--) {
        part_name(log, i - 1, from);
        part_name(log, i, to);
        (void)rename(from, to);
    }
    close(log->fd);
    (void)begin(log, log->limits->nr_kept == 0 ? O_TRUNC : 0);
}

void log_write(struct log *log, const uint8_t *data, size_t size)
{
    uint64_t max = log->limits->size_max;

    if (log->fd >= 0 && max != 0 && log->size > 0 && log->size + size > max)
        rotate(log);
    if (log->fd < 0)
        return;
    int rc = write_all(log->fd, data, size);
    if (rc) {
        complain(log, rc);
        return;
    }
    log->size += size;
    log->is_failing = false;
}

struct log_mark log_mark(const struct log *log)
{
    struct stat st;

    if (log->fd < 0 || fstat(log->fd, &st) != 0)
        return (struct log_mark){ 0, 0 };
    return (struct log_mark){ st.st_ino, (uint64_t)st.st_size };
}

size_t log_tail(const struct log *log, struct log_mark since, uint8_t *data, size_t size)
{
    struct stat st;
    int fd = log->path[0] ? open_file(log->path, O_RDONLY) : -1;
    ssize_t n = -1;

    if (fd < 0)
        return 0;
    if (fstat(fd, &st) == 0) {
        uint64_t end = (uint64_t)st.st_size;
        uint64_t start = st.st_ino == since.inode ? since.offset : 0;
        if (start < end && end - start > size)
            start = end - size;
        if (start < end)
            n = pread(fd, data, (size_t)(end - start), (off_t)start);
    }
    close(fd);
    return n > 0 ? (size_t)n : 0;
}
