/* SPDX-License-Identifier: MIT */
/*
 * Timer: a descriptor in the loop.
 */
#include "common/timer.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/clock.h"

static void timer_ready(struct loop_source *source, uint32_t events)
{
    struct timer *timer = (struct timer *)source;
    uint64_t expirations;

    (void)events;
    if (read(source->fd, &expirations, sizeof(expirations)) > 0)
        timer->expired(timer->context);
}

int timer_open(struct timer *timer, struct loop *loop, void (*expired)(void *context),
               void *context)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

    if (fd < 0)
        return -errno;
    *timer = (struct timer){ { fd, timer_ready }, loop, expired, context };
    int rc = loop_add(loop, &timer->source, EPOLLIN);
    if (rc)
        close(fd);
    return rc;
}

void timer_close(struct timer *timer)
{
    loop_remove(timer->loop, &timer->source);
    close(timer->source.fd);
}

int timer_set(struct timer *timer, uint64_t at_ns)
{
    const struct itimerspec at = { .it_value = { (time_t)(at_ns / NS_PER_S),
                                                 (long)(at_ns % NS_PER_S) } };

    return timerfd_settime(timer->source.fd, TFD_TIMER_ABSTIME, &at, NULL) == 0 ? 0 : -errno;
}
