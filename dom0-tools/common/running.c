/* SPDX-License-Identifier: MIT */
/*
 * Whether a daemon runs: its locked file (daemon.c) tells, and no process number is trusted.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/daemon.h"

bool daemon_runs(const char *name)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    char path[128];

    snprintf(path, sizeof(path), DAEMON_RUN_DIR "/%s.pid", name);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool locked = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    close(fd);
    return locked;
}
