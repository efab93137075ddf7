/* SPDX-License-Identifier: MIT */
/*
 * Event loop: a turn waits for events, hands each to its source, then lets the owner do what the
 * events made possible. What a source's handler removes is also taken out of the turn that runs,
 * so that no handler is called for an object that is gone.
 */
#include "common/loop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define EVENTS_PER_TURN 64

struct loop {
    int epoll;
    bool is_stopping;
    bool has_more; /* the next turn does not wait */
    struct epoll_event events[EVENTS_PER_TURN];
    int nr_events; /* of the turn that runs */
    void (*after)(void *context);
    void *after_context;
    struct loop_source signals; /* fd is negative: signals are not ours */
    void (*on_hangup)(void *context);
    void *hangup_context;
};

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof(*loop));

    if (!loop)
        return NULL;
    loop->signals.fd = -1;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0) {
        free(loop);
        return NULL;
    }
    return loop;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    if (loop->signals.fd >= 0)
        close(loop->signals.fd);
    close(loop->epoll);
    free(loop);
}

int loop_add(struct loop *loop, struct loop_source *source, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = source };

    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, source->fd, &event) == 0 ? 0 : -errno;
}

void loop_change(struct loop *loop, struct loop_source *source, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = source };

    (void)epoll_ctl(loop->epoll, EPOLL_CTL_MOD, source->fd, &event);
}

void loop_remove(struct loop *loop, struct loop_source *source)
{
    (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
    for (int i = 0; i < loop->nr_events; i++)
        if (loop->events[i].data.ptr == source)
            loop->events[i].data.ptr = NULL;
}

void loop_set_after(struct loop *loop, void (*after)(void *context), void *context)
{
    loop->after = after;
    loop->after_context = context;
}

void loop_again(struct loop *loop)
{
    loop->has_more = true;
}

static void signals_ready(struct loop_source *source, uint32_t events)
{
    struct loop *loop = (struct loop *)((char *)source - offsetof(struct loop, signals));
    struct signalfd_siginfo info;

    (void)events;
    while (read(source->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo != SIGHUP)
            loop_stop(loop);
        else if (loop->on_hangup)
            loop->on_hangup(loop->hangup_context);
    }
}

int loop_take_signals(struct loop *loop, void (*on_hangup)(void *context), void *context)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -errno;
    loop->on_hangup = on_hangup;
    loop->hangup_context = context;
    loop->signals.ready = signals_ready;
    loop->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return loop->signals.fd < 0 ? -errno : loop_add(loop, &loop->signals, EPOLLIN);
}

static int turn(struct loop *loop)
{
    int nr = epoll_wait(loop->epoll, loop->events, EVENTS_PER_TURN, loop->has_more ? 0 : -1);

    if (nr < 0)
        return errno == EINTR ? 0 : -errno;
    loop->has_more = false;
    loop->nr_events = nr;
    for (int i = 0; i < nr; i++) {
        struct loop_source *source = loop->events[i].data.ptr;
        if (source)
            source->ready(source, loop->events[i].events);
    }
    loop->nr_events = 0;
    if (loop->after)
        loop->after(loop->after_context);
    return 0;
}

int loop_run(struct loop *loop)
{
    int rc = 0;

    loop->is_stopping = false;
    while (rc == 0 && !loop->is_stopping)
        rc = turn(loop);
    return rc;
}

void loop_stop(struct loop *loop)
{
    loop->is_stopping = true;
}
