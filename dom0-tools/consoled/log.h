/* SPDX-License-Identifier: MIT */
/*
 * Log: the file that holds what a domain said, byte by byte. When it would grow beyond its size it
 * becomes FILE.1, the older parts move on to .2 and so on, and the oldest goes.
 */
#ifndef LAMINA_CONSOLED_LOG_H
#define LAMINA_CONSOLED_LOG_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_limits {
    uint64_t size_max; /* bytes; 0: no rotation */
    unsigned nr_kept;  /* older parts */
};

struct log {
    const struct log_limits *limits;
    char path[PATH_MAX]; /* "": closed */
    int fd; /* or a negative errno value: why it could not be opened, tried again at log_reopen() */
    uint64_t size;
    bool is_failing; /* said so already */
};

/* Where in which file a domain's output begins. */
struct log_mark {
    uint64_t inode, offset;
};

/*
 * Opens or makes the file (and its folder) to append; is_new: without what is in it. Complains to
 * the daemon's log when that fails: nothing is kept then, the console works all the same. 0, or a
 * negative errno value.
 */
int log_open(struct log *log, const struct log_limits *limits, const char *path, bool is_new);
void log_close(struct log *log);

/* Someone else moved the file: opens it anew under its name. 0, or a negative errno value. */
int log_reopen(struct log *log);

void log_write(struct log *log, const uint8_t *data, size_t size);

/* Where the next byte will stand. */
struct log_mark log_mark(const struct log *log);

/*
 * Reads up to size of the newest bytes since the mark; when that file was rotated away, of what is
 * in the present one. How many.
 */
size_t log_tail(const struct log *log, struct log_mark since, uint8_t *data, size_t size);

#endif
