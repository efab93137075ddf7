/* SPDX-License-Identifier: MIT */
/*
 * Store client of a guest kernel: one request at a time over the ring page, waiting for the answer.
 * Needs event_init(). One vCPU at a time. A `path` is absolute or relative to the domain's own
 * folder; `tx` is 0 or a transaction; `size` is room in bytes, at least 1.
 *
 * What all calls may answer, and the rest of the project names "an error of store.h":
 * -XEN_ENODEV: this domain has no store, or store_init() is still to come,
 * -XEN_EIO: the other end broke the protocol, for good,
 * -XEN_E2BIG: a request of more than 4,096 bytes, or an answer that does not fit,
 * -XEN_EINVAL: not a path, -XEN_EACCES: not this domain's to read or write,
 * -XEN_ENOSPC: the domain's share of nodes, watches or transactions is used up,
 * -XEN_ENOENT: no such node, or no such transaction.
 * Source: public/io/xs_wire.h, the store's fields of struct start_info.
 */
#ifndef LAMINA_STORE_H
#define LAMINA_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Finds the ring; once, after event_init(). Returns 0; -XEN_ENODEV: the builder gave none. */
long store_init(void);

/*
 * Reads the node into `value`, with a NUL behind it. Returns its bytes without that NUL, or an
 * error of store.h.
 */
long store_read(uint32_t tx, const char *path, char *value, size_t size);
/* Reads a node that holds a decimal number into *value. Returns 0; -XEN_EINVAL: it does not, or an
 * error of store.h. */
long store_read_number(uint32_t tx, const char *path, uint64_t *value);
/* Puts the names of the children into `names`, each with its NUL. Returns the bytes of all, or an
 * error of store.h. */
long store_list(uint32_t tx, const char *path, char *names, size_t size);

/* Sets the node to `value`, a text; makes it, and folders above it, if need be. Returns 0, or an
 * error of store.h. */
long store_write(uint32_t tx, const char *path, const char *value);
/* The same with `value` as a decimal number. Returns 0, or an error of store.h. */
long store_write_number(uint32_t tx, const char *path, uint64_t value);
/*
 * Removes the node and all below it. Returns 0; -XEN_ENOENT: it and the folder above it are
 * missing, or an error of store.h.
 */
long store_remove(uint32_t tx, const char *path);

/* Begins several changes that become one: make them with the number that it puts into *tx, then end
 * it. Returns 0, or an error of store.h. */
long store_begin(uint32_t *tx);
/* Ends it, with its changes (is_commit) or without. Returns 0; -XEN_EAGAIN: somebody else changed
 * what it saw, so nothing was done: begin again, or an error of store.h. */
long store_end(uint32_t tx, bool is_commit);

/* Asks for events of the node, there or not, and what is below it; `token` is a text that tells
 * watches apart. The first event comes at once. Returns 0; -XEN_EEXIST: it is watched already with
 * that token, or an error of store.h. */
long store_watch(const char *path, const char *token);
/* Ends the watch of that path and `token`; events that came stay. Returns 0; -XEN_ENOENT: there is
 * none, or an error of store.h. */
long store_unwatch(const char *path, const char *token);
/*
 * Waits for the next event of any watch and puts its path into `path` (cut to size, with NUL). At
 * most 8 events are kept; when more come the rest is forgotten: look at the node after each event,
 * not at the number of events. Returns 0; -XEN_ETIME: none until deadline_ns (clock.h; 0: never),
 * or an error of store.h.
 */
long store_wait(char *path, size_t size, uint64_t deadline_ns);

#endif
