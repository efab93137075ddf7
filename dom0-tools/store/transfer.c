/* SPDX-License-Identifier: MIT */
/*
 * Transfer: whole messages over the link, and the queue of the events among them.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "store/link.h"

static bool is_queued(const struct store_client *client, const char *path, const char *token)
{
    for (const struct queued_event *old = client->events; old; old = old->next)
        if (strcmp(old->event.path, path) == 0 && strcmp(old->event.token, token) == 0)
            return true;
    return false;
}

/* False: no memory. One that is still to be taken is not queued twice. */
static bool queue_event(struct store_client *client, const struct message *message)
{
    const char *path = message->payload;
    size_t path_size = strnlen(path, message->header.len) + 1;

    /* Two strings, each with its NUL; message->payload has one behind its end. */
    if (path_size >= message->header.len || is_queued(client, path, path + path_size))
        return true;
    struct queued_event *queued = calloc(1, sizeof(*queued));
    if (!queued)
        return false;
    queued->event.path = strdup(path);
    queued->event.token = strdup(path + path_size);
    if (!queued->event.path || !queued->event.token) {
        store_event_free(&queued->event);
        free(queued);
        return false;
    }
    *client->events_end = queued;
    client->events_end = &queued->next;
    (void)eventfd_write(client->queued, 1);
    return true;
}

struct queued_event *link_take_event(struct store_client *client, const char *token)
{
    struct queued_event **slot = &client->events;
    eventfd_t count;

    while (*slot && token && strcmp((*slot)->event.token, token) != 0)
        slot = &(*slot)->next;
    struct queued_event *queued = *slot;
    if (!queued)
        return NULL;
    *slot = queued->next;
    if (!*slot)
        client->events_end = slot;
    if (!client->events)
        (void)eventfd_read(client->queued, &count);
    return queued;
}

/* Takes bytes of the message under way. 1: it is whole; 0: no more bytes for now. */
static int receive_part(struct store_client *client)
{
    size_t size = sizeof(client->in.header);

    for (;;) {
        if (client->in_size >= sizeof(client->in.header)) {
            if (client->in.header.len > XENSTORE_PAYLOAD_MAX)
                return -ENOTCONN;
            size = sizeof(client->in.header) + client->in.header.len;
        }
        if (client->in_size == size)
            return 1;
        ssize_t n = recv(client->socket, (char *)&client->in + client->in_size,
                         size - client->in_size, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return 0;
        if (n <= 0)
            return -ENOTCONN;
        client->in_size += (size_t)n;
    }
}

int link_receive(struct store_client *client, struct message *reply)
{
    int rc;

    while ((rc = receive_part(client)) == 1) {
        client->in.payload[client->in.header.len] = '\0';
        client->in_size = 0;
        if (client->in.header.type == XS_WATCH_EVENT) {
            /* An event must not get lost, but after a new start all watches fire. */
            if (!queue_event(client, &client->in)) {
                rc = -ENOTCONN;
                break;
            }
        } else if (client->in.header.req_id != 0) {
            *reply = client->in;
            return 1;
        }
    }
    if (rc < 0)
        link_lose(client);
    return rc;
}

int link_send(struct store_client *client, const struct message *message)
{
    const char *data = (const char *)message;
    size_t size = sizeof(message->header) + message->header.len;
    struct message unexpected;

    while (size > 0) {
        ssize_t n = send(client->socket, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            data += n;
            size -= (size_t)n;
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
            link_lose(client);
            return -ENOTCONN;
        }
        /* It does not read while we leave its events lying, so take them. */
        int rc = link_wait(client, POLLIN | POLLOUT, DEADLINE_NEVER);
        if (rc < 0 || link_receive(client, &unexpected) < 0)
            return -ENOTCONN;
    }
    return 0;
}
