/* SPDX-License-Identifier: MIT */
/*
 * Link: connecting, losing and finding the daemon again.
 *
 * lamina-stored gives its socket its name only once it listens, so the name's appearance is the
 * moment to connect; there is no time at which a connection is refused by a living daemon.
 */
#include "store/link.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"

static int add_ready(const struct store_client *client, int fd)
{
    struct epoll_event event = { .events = EPOLLIN };

    return epoll_ctl(client->ready, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

int link_open(struct store_client *client)
{
    client->socket = client->arrival = -1;
    client->events_end = &client->events;
    client->deadline_ms = DEADLINE_NEVER;
    client->ready = epoll_create1(EPOLL_CLOEXEC);
    client->queued = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (client->ready < 0 || client->queued < 0)
        return -errno;
    return add_ready(client, client->queued);
}

void link_close(struct store_client *client)
{
    if (client->socket >= 0)
        close(client->socket);
    if (client->arrival >= 0)
        close(client->arrival);
    if (client->queued >= 0)
        close(client->queued);
    if (client->ready >= 0)
        close(client->ready);
}

void link_lose(struct store_client *client)
{
    close(client->socket);
    client->socket = -1;
    client->in_size = 0;
    for (struct open_transaction *tx = client->transactions; tx; tx = tx->next)
        tx->is_lost = true;
}

/* Listens for the socket's name; its folder may still have to be made too. */
static int listen_for_arrival(struct store_client *client)
{
    char above[PATH_MAX], further[PATH_MAX];

    if (client->arrival < 0) {
        client->arrival = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (client->arrival < 0)
            return -errno;
        int rc = add_ready(client, client->arrival);
        if (rc)
            return rc;
    }
    strcpy(further, client->socket_path);
    strcpy(above, dirname(further));
    if (inotify_add_watch(client->arrival, above, IN_CREATE | IN_MOVED_TO) >= 0)
        return 0;
    strcpy(further, above);
    if (inotify_add_watch(client->arrival, dirname(further), IN_CREATE | IN_MOVED_TO) >= 0)
        return 0;
    return errno == ENOENT ? -ENOTDIR : -errno;
}

static void forget_arrival(struct store_client *client)
{
    if (client->arrival >= 0)
        close(client->arrival);
    client->arrival = -1;
}

static void drain_arrival(const struct store_client *client)
{
    char block[4096];

    while (read(client->arrival, block, sizeof(block)) > 0)
        ;
}

static int connect_once(struct store_client *client)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    strcpy(address.sun_path, client->socket_path);
    int rc = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : -errno;
    if (rc == 0)
        rc = add_ready(client, fd);
    if (rc)
        close(fd);
    else
        client->socket = fd;
    return rc;
}

/* Numbered 0, as no request of a caller is: the answers are of no interest. */
static int watch_again(struct store_client *client)
{
    for (const struct store_watch *watch = client->watches; watch; watch = watch->next) {
        size_t path_size = strlen(watch->path) + 1, token_size = strlen(watch->token) + 1;
        struct message message = { .header = { .type = XS_WATCH,
                                               .len = (uint32_t)(path_size + token_size) } };
        memcpy(message.payload, watch->path, path_size);
        memcpy(message.payload + path_size, watch->token, token_size);
        int rc = link_send(client, &message);
        if (rc)
            return rc;
    }
    return 0;
}

int link_try(struct store_client *client)
{
    if (client->arrival >= 0)
        drain_arrival(client);
    int rc = connect_once(client);

    if (rc == -ENOENT || rc == -ECONNREFUSED) {
        rc = listen_for_arrival(client);
        /* It may have come in between. */
        if (rc == 0)
            rc = connect_once(client);
    }
    if (rc == 0) {
        forget_arrival(client);
        rc = watch_again(client);
    }
    return rc;
}

int link_restore(struct store_client *client)
{
    int64_t deadline = client->wait_ms < 0 ? DEADLINE_NEVER : clock_now_ms() + client->wait_ms;

    if (client->deadline_ms < deadline)
        deadline = client->deadline_ms;
    while (client->socket < 0) {
        int rc = link_try(client);
        if (rc != 0 && rc != -ENOENT && rc != -ECONNREFUSED && rc != -ENOTCONN)
            return rc;
        /* While lost there is an arrival to wait for, unless it broke in the midst of all this. */
        if (client->socket < 0 && client->arrival >= 0 && link_wait(client, POLLIN, deadline) != 0)
            return -ENOTCONN;
    }
    return 0;
}

int link_wait_signal(struct store_client *client, short events, int64_t deadline_ms)
{
    struct pollfd fd = { .fd = client->socket >= 0 ? client->socket : client->arrival,
                         .events = events };

    for (;;) {
        int64_t left = deadline_ms == DEADLINE_NEVER ? -1 : deadline_ms - clock_now_ms();
        if (deadline_ms != DEADLINE_NEVER && left < 0)
            left = 0;
        int nr = poll(&fd, 1, left > INT_MAX ? INT_MAX : (int)left);
        if (nr > 0)
            return 0;
        if (nr == 0 && left <= INT_MAX)
            return -ETIMEDOUT;
        if (nr < 0)
            return -errno;
    }
}

int link_wait(struct store_client *client, short events, int64_t deadline_ms)
{
    int rc;

    do
        rc = link_wait_signal(client, events, deadline_ms);
    while (rc == -EINTR);
    return rc;
}
