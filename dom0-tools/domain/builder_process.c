/* SPDX-License-Identifier: MIT */
/*
 * The process that builds a domain, named so that a later process of the same number is not taken
 * for it: by number and start time, the 22nd field of /proc/PID/stat.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "domain/record.h"

#define STAT_SIZE 1024
#define FIELDS_AFTER_NAME 19 /* blanks between the name's closing parenthesis and the start time */

/* The process' name, second field, may hold anything, parentheses and blanks too. */
static int read_start(long pid, unsigned long long *start)
{
    char path[64], text[STAT_SIZE];

    snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT ? -ESRCH : -errno;
    size_t size = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[size] = '\0';
    char *at = strrchr(text, ')');
    at = at ? strchr(at, ' ') : NULL;
    /* What has died stays listed until its parent asks. */
    if (at && (at[1] == 'Z' || at[1] == 'X'))
        return -ESRCH;
    for (int i = 0; at && i < FIELDS_AFTER_NAME; i++)
        at = strchr(at + 1, ' ');
    return at && sscanf(at, "%llu", start) == 1 ? 0 : -ESRCH;
}

int builder_describe(long pid, char text[BUILDER_TEXT_SIZE])
{
    unsigned long long start;
    int rc = read_start(pid, &start);

    if (rc == 0)
        snprintf(text, BUILDER_TEXT_SIZE, "%ld %llu", pid, start);
    return rc;
}

int builder_lives(const char *text)
{
    unsigned long long start, now = 0;
    long pid;

    if (sscanf(text, "%ld %llu", &pid, &start) != 2 || pid <= 0)
        return 0;
    int rc = read_start(pid, &now);
    if (rc)
        return rc == -ESRCH ? 0 : rc;
    return now == start;
}

void builder_stop(const char *text)
{
    /* What the descriptor names stays the same process; only then does its start count. */
    int fd = (int)syscall(SYS_pidfd_open, (pid_t)strtol(text, NULL, 10), 0);

    if (fd < 0)
        return;
    if (builder_lives(text) > 0)
        syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0);
    close(fd);
}
