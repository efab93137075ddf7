/* SPDX-License-Identifier: MIT */
/*
 * Server: hands events to their domains, and time to those that had too many.
 */
#include "consoled/server.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "consoled/guest.h"

/* Ports taken in one turn: a flood from one domain does not keep sockets waiting. */
#define PORTS_PER_TURN 64

#define NS_PER_S 1000000000u

uint64_t server_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static struct server *server_of_events(struct loop_source *source)
{
    return (struct server *)((char *)source - offsetof(struct server, events));
}

static struct server *server_of_timer(struct loop_source *source)
{
    return (struct server *)((char *)source - offsetof(struct server, timer));
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

static void timer_ready(struct loop_source *source, uint32_t events)
{
    struct server *server = server_of_timer(source);
    uint64_t expirations, now = server_now_ns();

    (void)events;
    if (read(source->fd, &expirations, sizeof(expirations)) < 0)
        return;
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
    if (first == UINT64_MAX)
        return;
    struct itimerspec at = { .it_value = { (time_t)(first / NS_PER_S), (long)(first % NS_PER_S) } };
    server->has_timer_set = timerfd_settime(server->timer.fd, TFD_TIMER_ABSTIME, &at, NULL) == 0;
}

int server_open(struct server *server)
{
    server->events = (struct loop_source){ server->channels.events, events_ready };
    server->timer =
        (struct loop_source){ timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
                              timer_ready };
    if (server->timer.fd < 0)
        return -errno;
    int rc = loop_add(server->loop, &server->events, EPOLLIN);
    return rc ? rc : loop_add(server->loop, &server->timer, EPOLLIN);
}

void server_close(struct server *server)
{
    while (server->guests)
        guest_free(server->guests);
    if (server->timer.fd >= 0)
        close(server->timer.fd);
}
