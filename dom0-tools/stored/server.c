/* SPDX-License-Identifier: MIT */
/*
 * Server: the turn.
 */
#include "stored/server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#define EVENTS_PER_TURN 64

int source_add(struct server *server, struct source *source, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = source };

    return epoll_ctl(server->epoll, EPOLL_CTL_ADD, source->fd, &event) == 0 ? 0 : -errno;
}

void source_change(struct server *server, struct source *source, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = source };

    (void)epoll_ctl(server->epoll, EPOLL_CTL_MOD, source->fd, &event);
}

/*
 * Clients are served even when the journal cannot be written, since guests depend on it more than
 * on surviving a crash of the daemon; it is said once, and tried again in each turn with a change.
 */
static void commit(struct server *server)
{
    bool was_behind = server->journal.is_behind;
    int rc = journal_commit(&server->journal, server->store);

    if (rc && !was_behind)
        fprintf(stderr, "lamina-stored: cannot write the journal: %s; do not kill me now\n",
                strerror(-rc));
}

static int turn(struct server *server)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int nr = epoll_wait(server->epoll, events, EVENTS_PER_TURN, server->has_more ? 0 : -1);

    if (nr < 0)
        return errno == EINTR ? 0 : -errno;
    server->has_more = false;
    for (int i = 0; i < nr; i++) {
        struct source *source = events[i].data.ptr;
        source->ready(server, source, events[i].events);
    }
    xen_receive(server);
    commit(server);
    xen_publish(server);
    sockets_publish(server);
    return 0;
}

int server_run(struct server *server)
{
    int rc = 0;

    while (rc == 0 && !server->is_stopping)
        rc = turn(server);
    return rc;
}
