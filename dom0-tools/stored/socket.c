/* SPDX-License-Identifier: MIT */
/*
 * Sockets: the clients in this domain. They have all rights of domain 0, or may only look; what
 * keeps others out are the permissions of the socket.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "stored/request.h"
#include "stored/server.h"

/* A client that leaves this much lying is not read from, and at the second limit cut off. */
#define OUT_PAUSE ((size_t)1 << 20)
#define OUT_MAX   ((size_t)16 << 20)

struct client {
    struct loop_source source; /* first: a source is its client */
    struct server *server;
    struct client *next;
    struct connection *conn;
    uint32_t events; /* waited for */
    bool is_gone;
};

struct listener {
    struct loop_source source; /* first */
    struct server *server;
    bool is_read_only;
};

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* Takes the next message into `in`. True: it is whole. */
static bool collect(struct client *client)
{
    uint8_t block[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX];
    int missing;

    while ((missing = request_missing(client->conn)) > 0) {
        ssize_t n = recv(client->source.fd, block, (size_t)missing, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && !would_block()))
            client->is_gone = true;
        if (n <= 0)
            return false;
        connection_input(client->server->store, client->conn, block, (size_t)n);
    }
    if (missing < 0)
        client->is_gone = true;
    return missing == 0;
}

static void client_ready(struct loop_source *source, uint32_t events)
{
    struct client *client = (struct client *)source;

    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        return;
    for (int i = 0; i < REQUESTS_PER_TURN && client->conn->out.size <= OUT_PAUSE; i++) {
        if (!collect(client))
            return;
        request_process(client->server->store, client->conn);
    }
    /* Whoever is not read from is still noticed when it leaves. */
    if (events & (EPOLLHUP | EPOLLERR) && client->conn->out.size > OUT_PAUSE)
        client->is_gone = true;
}

static void listener_ready(struct loop_source *source, uint32_t events)
{
    struct listener *listener = (struct listener *)source;
    struct server *server = listener->server;
    int fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)events;
    if (fd < 0)
        return;
    struct client *client = must_zalloc(sizeof(*client));
    client->source = (struct loop_source){ fd, client_ready };
    client->server = server;
    client->events = EPOLLIN;
    client->conn = connection_new(server->store, 0, false);
    client->conn->is_read_only = listener->is_read_only;
    client->next = server->clients;
    server->clients = client;
    client->is_gone = loop_add(server->loop, &client->source, EPOLLIN) != 0;
}

/* A socket that listens, without its name yet. */
static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    (void)unlink(path);
    mode_t mask = umask(0177);
    int rc = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : -errno;
    umask(mask);
    if (rc == 0 && listen(fd, 64) != 0)
        rc = -errno;
    if (rc)
        close(fd);
    return rc ? rc : fd;
}

/*
 * The name appears when connections are taken already: whoever waits for it is never refused. The
 * lock of the journal is ours, so what lies there is a dead daemon's.
 */
int socket_listen(struct server *server, const char *path, bool is_read_only)
{
    char unnamed[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

    if ((size_t)snprintf(unnamed, sizeof(unnamed), "%s.new", path) >= sizeof(unnamed))
        return -ENAMETOOLONG;
    int fd = listen_at(unnamed);
    if (fd < 0)
        return fd;
    if (rename(unnamed, path) != 0) {
        int rc = -errno;
        close(fd);
        return rc;
    }
    struct listener *listener = must_zalloc(sizeof(*listener));
    *listener = (struct listener){ { fd, listener_ready }, server, is_read_only };
    return loop_add(server->loop, &listener->source, EPOLLIN);
}

static void client_publish(struct server *server, struct client *client)
{
    struct buffer *out = &client->conn->out;

    if (out->size > 0) {
        ssize_t n = send(client->source.fd, out->data, out->size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0)
            buffer_consume(out, (size_t)n);
        else if (n < 0 && !would_block())
            client->is_gone = true;
    }
    if (out->size > OUT_MAX)
        client->is_gone = true;
    uint32_t events = (out->size <= OUT_PAUSE ? EPOLLIN : 0u) | (out->size ? EPOLLOUT : 0u);
    if (events != client->events)
        loop_change(server->loop, &client->source, events);
    client->events = events;
}

void sockets_publish(struct server *server)
{
    struct client **slot = &server->clients;

    while (*slot) {
        struct client *client = *slot;
        if (!client->is_gone)
            client_publish(server, client);
        if (!client->is_gone) {
            slot = &client->next;
            continue;
        }
        *slot = client->next;
        loop_remove(server->loop, &client->source);
        close(client->source.fd);
        connection_free(server->store, client->conn);
        free(client);
    }
}
