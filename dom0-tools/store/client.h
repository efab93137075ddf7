/* SPDX-License-Identifier: MIT */
/*
 * Store client: a connection to lamina-stored (or any xenstored) over its socket.
 *
 * The daemon may be killed and restarted at any time: a request that got no answer is sent again
 * on a new connection (all requests outside transactions may be repeated), watches are registered
 * anew and then fire once, and a transaction that was open ends in -EAGAIN as if it had met a
 * conflict. How long a lost daemon is waited for is the caller's choice.
 *
 * Paths are absolute or relative to /local/domain/0. Results are 0 or a negative errno value, those
 * of the protocol: -ENOENT -EACCES -EINVAL -EEXIST -EAGAIN -ENOSPC -E2BIG; -ENOTCONN: the daemon
 * does not answer. One thread a client.
 */
#ifndef LAMINA_STORE_CLIENT_H
#define LAMINA_STORE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store_client;

typedef uint32_t store_tx_t; /* a transaction; 0: none */

/* Where the daemon listens, unless the environment's XENSTORED_PATH names another socket. */
#define STORE_SOCKET "/run/xenstored/socket"

/* wait_ms: for how long a daemon that is not there is waited for; 0: not at all, negative: ever. */
int store_open(struct store_client **client, int wait_ms) __attribute__((warn_unused_result));
void store_close(struct store_client *client); /* NULL is nothing */

/* For poll(): readable when store_next_event() has something to do. It may change: ask each turn.
 */
int store_fd(const struct store_client *client);

/* A new block with a NUL behind it (to be freed) and, where size is not NULL, its size. */
int store_read(struct store_client *client, store_tx_t tx, const char *path, char **value,
               size_t *size) __attribute__((warn_unused_result));
int store_read_u64(struct store_client *client, store_tx_t tx, const char *path, uint64_t *value)
    __attribute__((warn_unused_result)); /* -EINVAL: no decimal number */
int store_write(struct store_client *client, store_tx_t tx, const char *path, const char *value);
int store_printf(struct store_client *client, store_tx_t tx, const char *path, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));
int store_mkdir(struct store_client *client, store_tx_t tx, const char *path);
int store_rm(struct store_client *client, store_tx_t tx, const char *path); /* absent: 0 */

/* Names of the children: an array of nr strings in one block, to be freed. */
int store_list(struct store_client *client, store_tx_t tx, const char *path, char ***names,
               size_t *nr) __attribute__((warn_unused_result));

/* Permissions as the protocol writes them, separated by blanks: "n0 r5". */
int store_set_perms(struct store_client *client, store_tx_t tx, const char *path,
                    const char *perms);
int store_get_perms(struct store_client *client, const char *path, char **perms)
    __attribute__((warn_unused_result));

int store_begin(struct store_client *client, store_tx_t *tx) __attribute__((warn_unused_result));
int store_end(struct store_client *client, store_tx_t tx, bool commit); /* -EAGAIN: run it again */

int store_watch(struct store_client *client, const char *path, const char *token);
int store_unwatch(struct store_client *client, const char *path, const char *token);

struct store_event {
    char *path; /* belongs to the event */
    char *token;
};

/* Takes the next watch event if there is one: 1 and *event, or 0. Never blocks. */
int store_next_event(struct store_client *client, struct store_event *event);
void store_event_free(struct store_event *event);

int store_introduce(struct store_client *client, unsigned domid, uint64_t mfn, unsigned port);
int store_release(struct store_client *client, unsigned domid);

/*
 * Waits until the node has a value for which accept() returns 1; a negative result of it,
 * -ETIMEDOUT after timeout_ms, -EINTR after a signal that has a handler, or an error of the store
 * ends the wait. value is NULL while the node is absent. Without sleeping: by a watch.
 */
int store_wait(struct store_client *client, const char *path, int timeout_ms,
               int (*accept)(void *context, const char *value), void *context)
    __attribute__((warn_unused_result));

#endif
