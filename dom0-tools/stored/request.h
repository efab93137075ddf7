/* SPDX-License-Identifier: MIT */
/*
 * Request: the protocol. One message of a client is carried out and answered.
 */
#ifndef LAMINA_STORED_REQUEST_H
#define LAMINA_STORED_REQUEST_H

#include "stored/store.h"
#include "stored/view.h"

/* Bytes that `in` lacks to a whole message; 0: there is one. -1: its header cannot be meant. */
int request_missing(const struct connection *conn);

/* Carries out the message in `in`, which is whole, and queues the answer. */
void request_process(struct store *store, struct connection *conn);

/* A message under way, as its handler sees it. */
struct request {
    struct view view;
    struct xsd_sockmsg header;
    const char *data; /* header.len bytes */
    struct buffer reply;
    char path[PATH_ROOM]; /* the absolute path, where the operation has one */
    const char *argument; /* what follows the path, or all of data */
    size_t argument_size;
    void (*after)(struct request *q); /* once the answer is queued; NULL: nothing */
};

/*
 * A handler fills `reply` and returns 0, or returns an errno value that the protocol has a name
 * for. An empty reply becomes "OK".
 */
typedef int request_fn(struct request *q);

request_fn op_control, op_directory, op_directory_part, op_read, op_get_perms, op_write, op_mkdir,
    op_rm, op_set_perms, op_watch, op_unwatch, op_reset_watches, op_transaction_start,
    op_transaction_end, op_introduce, op_release, op_get_domain_path, op_is_domain_introduced,
    op_resume, op_set_target;

/* The strings of the argument; EINVAL unless there are `min` to `max`, each with its NUL. */
int request_strings(const struct request *q, const char *strings[], size_t min, size_t max);

#endif
