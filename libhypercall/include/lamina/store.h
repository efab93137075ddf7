/* SPDX-License-Identifier: MIT */
/*
 * Store client of a guest kernel: one request at a time over the ring page, waiting for the answer.
 * Needs event_init(). Paths are absolute or relative to the domain's own folder; tx is 0 or a
 * transaction. Errors are the protocol's: -XEN_ENOENT, -XEN_EACCES, -XEN_EINVAL, -XEN_EAGAIN ...;
 * -XEN_ENODEV: this domain has no store; -XEN_EIO: the other end broke the protocol, for good;
 * -XEN_E2BIG: a request of more than 4,096 bytes, or an answer that does not fit.
 */
#ifndef LAMINA_STORE_H
#define LAMINA_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Finds the ring; once, after event_init(): 0 or -XEN_ENODEV. */
long store_init(void);

/* The node's value with a NUL behind it, in value[size]; returns its bytes without the NUL. */
long store_read(uint32_t tx, const char *path, char *value, size_t size);
/* The same of a node that holds a decimal number: 0, or -XEN_EINVAL: it does not. */
long store_read_number(uint32_t tx, const char *path, uint64_t *value);
/* Names of the children, each with its NUL; returns the bytes of all. */
long store_list(uint32_t tx, const char *path, char *names, size_t size);

/* Sets the node's value, a text; makes it, and folders above it, if need be. 0 or an error. */
long store_write(uint32_t tx, const char *path, const char *value);
/* The same with a decimal number. */
long store_write_number(uint32_t tx, const char *path, uint64_t value);
/* Removes the node and all below it: 0, or -XEN_ENOENT and other errors. */
long store_remove(uint32_t tx, const char *path);

/* Several changes as one: begin, change with the number it gives, end; -XEN_EAGAIN: once more. */
long store_begin(uint32_t *tx);
/* Ends it, with its changes or without: 0, or -XEN_EAGAIN: somebody else changed what it saw. */
long store_end(uint32_t tx, bool is_commit);

/* Events of a node and what is below it. The first comes at once. */
long store_watch(const char *path, const char *token);
/* Ends the watch of that path and token: 0, or -XEN_ENOENT: there is none. */
long store_unwatch(const char *path, const char *token);
/*
 * Waits for the next event of any watch and gives its path (cut to size, with NUL); -XEN_ETIME at
 * deadline_ns (clock.h; 0: never). At most 8 events are kept; when more come the rest is forgotten:
 * look at the node after each event, not at the number of events.
 */
long store_wait(char *path, size_t size, uint64_t deadline_ns);

#endif
