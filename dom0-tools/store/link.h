/* SPDX-License-Identifier: MIT */
/*
 * Link: a store client's connection, which may break at any moment and comes back by itself.
 *
 * While the daemon is away the link listens for its socket to appear (inotify), so that nothing has
 * to be tried again and again. Private to the store client.
 */
#ifndef LAMINA_STORE_LINK_H
#define LAMINA_STORE_LINK_H

#include "public/io/xs_wire.h"
#include "store/client.h"

struct store_watch {
    struct store_watch *next;
    char *path, *token;
};

struct queued_event {
    struct queued_event *next;
    struct store_event event;
};

/* A transaction as the caller names it, and as the daemon of this connection does. */
struct open_transaction {
    struct open_transaction *next;
    store_tx_t name;
    uint32_t id;
    bool is_lost; /* its connection is gone */
};

struct message {
    struct xsd_sockmsg header;
    char payload[XENSTORE_PAYLOAD_MAX + 1]; /* room for a NUL */
};

struct store_client {
    char *socket_path;
    int wait_ms;
    int64_t deadline_ms; /* no wait for a lost daemon goes beyond it */
    int ready;           /* epoll of the next three: what store_fd() gives */
    int socket;          /* -1: lost */
    int arrival;         /* inotify, while lost */
    int queued;          /* eventfd, not 0 while there are events */

    struct message in; /* being received */
    size_t in_size;
    uint32_t last_request;

    struct store_watch *watches;
    struct queued_event *events, **events_end;
    struct open_transaction *transactions;
    store_tx_t last_transaction;
    uint32_t last_wait;
};

#define DEADLINE_NEVER INT64_MAX

int link_open(struct store_client *client);
void link_close(struct store_client *client);

/* The connection is of no more use. Its transactions end with it; watches will be made again. */
void link_lose(struct store_client *client);

/* One try to connect: 0, or why not; then the daemon's return will make store_fd() readable. */
int link_try(struct store_client *client);

/* Connects if need be, waiting as the client's settings say: 0 or -ENOTCONN. */
int link_restore(struct store_client *client) __attribute__((warn_unused_result));

/* Sends one message: 0, or -ENOTCONN when the connection broke. */
int link_send(struct store_client *client, const struct message *message)
    __attribute__((warn_unused_result));

/*
 * Receives what is there without waiting; events are queued. 1: *reply is one; 0: none yet.
 * -ENOTCONN: the connection broke.
 */
int link_receive(struct store_client *client, struct message *reply)
    __attribute__((warn_unused_result));

/* Waits until the connection, or a lost daemon's return, has something: 0, or -ETIMEDOUT. */
int link_wait(struct store_client *client, short events, int64_t deadline_ms)
    __attribute__((warn_unused_result));
/* The same, but a signal that has a handler ends it with -EINTR. */
int link_wait_signal(struct store_client *client, short events, int64_t deadline_ms)
    __attribute__((warn_unused_result));

/*
 * Carries out a request. tx: the caller's name of a transaction. The payload has size bytes. On
 * success *reply has the answer with a NUL behind it; reply may be NULL. is_repeated, if not NULL,
 * tells whether an earlier try got no answer.
 */
int link_request(struct store_client *client, enum xsd_sockmsg_type type, store_tx_t tx,
                 const void *payload, size_t size, struct message *reply, bool *is_repeated)
    __attribute__((warn_unused_result));

/* The same for one path, with what follows its NUL. */
int link_request_path(struct store_client *client, enum xsd_sockmsg_type type, store_tx_t tx,
                      const char *path, const void *argument, size_t size, struct message *reply)
    __attribute__((warn_unused_result));

struct open_transaction *link_transaction(const struct store_client *client, store_tx_t tx);

/* Takes the first queued event away, of that token unless it is NULL. NULL: none. */
struct queued_event *link_take_event(struct store_client *client, const char *token);

#endif
