/* SPDX-License-Identifier: MIT */
/*
 * Request: one question and its answer, however often the daemon dies in between. Outside of a
 * transaction every request may be repeated: what it asks for is a state, not a step. A transaction
 * whose connection broke is gone; whoever began it starts over.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "store/link.h"

/* A daemon that dies of the very request is not asked for ever. */
#define TRIES_MAX 8

static const struct {
    const char *name;
    int number;
} errors[] = {
    { "EINVAL", EINVAL }, { "EACCES", EACCES }, { "EEXIST", EEXIST }, { "ENOENT", ENOENT },
    { "ENOMEM", ENOMEM }, { "ENOSPC", ENOSPC }, { "EIO", EIO },       { "ENOSYS", ENOSYS },
    { "EROFS", EROFS },   { "EBUSY", EBUSY },   { "EAGAIN", EAGAIN }, { "EISCONN", EISCONN },
    { "E2BIG", E2BIG },   { "EPERM", EPERM },
};

static int error_number(const char *name)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (strcmp(errors[i].name, name) == 0)
            return -errors[i].number;
    return -EINVAL;
}

struct open_transaction *link_transaction(const struct store_client *client, store_tx_t tx)
{
    struct open_transaction *open = client->transactions;

    while (open && open->name != tx)
        open = open->next;
    return open;
}

/* Fills in the daemon's name of the transaction, if the request belongs to one. */
static int name_transaction(const struct store_client *client, store_tx_t tx, uint32_t *id)
{
    const struct open_transaction *open = link_transaction(client, tx);

    *id = 0;
    if (tx == 0)
        return 0;
    if (!open)
        return -EINVAL;
    *id = open->id;
    return open->is_lost ? -EAGAIN : 0;
}

static int await_reply(struct store_client *client, uint32_t number, struct message *reply)
{
    for (;;) {
        int rc = link_receive(client, reply);
        if (rc < 0)
            return rc;
        if (rc == 1 && reply->header.req_id == number)
            return 0;
        if (rc == 0 && link_wait(client, POLLIN, DEADLINE_NEVER) != 0)
            return -ENOTCONN;
    }
}

static uint32_t next_number(struct store_client *client)
{
    if (++client->last_request == 0)
        client->last_request = 1;
    return client->last_request;
}

static int ask_once(struct store_client *client, store_tx_t tx, struct message *question,
                    struct message *reply)
{
    int rc = link_restore(client);

    if (rc == 0)
        rc = name_transaction(client, tx, &question->header.tx_id);
    if (rc)
        return rc;
    question->header.req_id = next_number(client);
    if (link_send(client, question) != 0 ||
        await_reply(client, question->header.req_id, reply) != 0)
        return -EPIPE;
    return 0;
}

int link_request(struct store_client *client, enum xsd_sockmsg_type type, store_tx_t tx,
                 const void *payload, size_t size, struct message *reply, bool *is_repeated)
{
    struct message question = { .header = { .type = type, .len = (uint32_t)size } };
    struct message unwanted;
    int rc = -EPIPE;

    if (size > XENSTORE_PAYLOAD_MAX)
        return -E2BIG;
    if (!reply)
        reply = &unwanted;
    memcpy(question.payload, payload, size);
    for (int i = 0; rc == -EPIPE && i < TRIES_MAX; i++) {
        rc = ask_once(client, tx, &question, reply);
        if (is_repeated)
            *is_repeated = i > 0;
    }
    if (rc)
        return rc == -EPIPE ? -ENOTCONN : rc;
    return reply->header.type == XS_ERROR ? error_number(reply->payload) : 0;
}

int link_request_path(struct store_client *client, enum xsd_sockmsg_type type, store_tx_t tx,
                      const char *path, const void *argument, size_t size, struct message *reply)
{
    char payload[XENSTORE_PAYLOAD_MAX];
    size_t path_size = strlen(path) + 1;

    if (path_size > sizeof(payload) || size > sizeof(payload) - path_size)
        return -E2BIG;
    memcpy(payload, path, path_size);
    if (size)
        memcpy(payload + path_size, argument, size);
    return link_request(client, type, tx, payload, path_size + size, reply, NULL);
}
