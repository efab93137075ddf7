/* SPDX-License-Identifier: MIT */
/*
 * Server: hands events to their domains, and time to those that had too many.
 */
#include "consoled/server.h"

#include <errno.h>
#include <sys/epoll.h>

#include "common/clock.h"
#include "consoled/guest.h"

/* Ports taken in one turn: a flood from one domain does not keep sockets waiting. */
#define PORTS_PER_TURN 64

static struct server *server_of_events(struct loop_source *source)
{
    return (struct server *)((char *)source - offsetof(struct server, events));
}

static void events_ready(struct loop_source *source, uint32_t events)
{
    struct server *server = server_of_events(source);
    evtchn_port_t port;

    (void)events;
    for (int i = 0; i < PORTS_PER_TURN && channels_next(&server->channels, &port); i++) {
        struct guest *guest = guest_of_port(server, port);
        /* The port of a domain that has just gone: unbound, its number was still queued. */
        if (guest)
            guest_event(guest);
    }
}

static void windows_ended(void *context)
{
    struct server *server = context;
    uint64_t now = clock_now_ns();

    server->has_timer_set = false;
    for (struct guest *guest = server->guests; guest; guest = guest->next)
        if (guest->is_throttled && guest->throttle.window_end_ns <= now)
            guest_event(guest);
    server_set_timer(server);
}

void server_set_timer(struct server *server)
{
    uint64_t first = UINT64_MAX;

    if (server->has_timer_set)
        return;
    for (const struct guest *guest = server->guests; guest; guest = guest->next)
        if (guest->is_throttled && guest->throttle.window_end_ns < first)
            first = guest->throttle.window_end_ns;
    if (first != UINT64_MAX)
        server->has_timer_set = timer_set(&server->timer, first) == 0;
}

int server_open(struct server *server)
{
    server->events = (struct loop_source){ server->channels.events, events_ready };
    int rc = timer_open(&server->timer, server->loop, windows_ended, server);

    return rc ? rc : loop_add(server->loop, &server->events, EPOLLIN);
}

void server_close(struct server *server)
{
    while (server->guests)
        guest_free(server->guests);
    timer_close(&server->timer);
}
