/* SPDX-License-Identifier: MIT */
/*
 * Retry: a timer in the loop. It is made beforehand, so that asking for a try needs no memory.
 */
#include "common/retry.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void timer_ready(struct loop_source *source, uint32_t events)
{
    struct retry *retry = (struct retry *)source;
    uint64_t expirations;

    (void)events;
    if (read(source->fd, &expirations, sizeof(expirations)) < 0)
        return;
    retry->is_set = false;
    retry->again(retry->context);
}

int retry_open(struct retry *retry, struct loop *loop, unsigned delay_ms,
               void (*again)(void *context), void *context)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

    if (fd < 0)
        return -errno;
    *retry = (struct retry){ { fd, timer_ready }, loop, delay_ms, again, context, false };
    int rc = loop_add(loop, &retry->timer, EPOLLIN);
    if (rc)
        close(fd);
    return rc;
}

void retry_close(struct retry *retry)
{
    loop_remove(retry->loop, &retry->timer);
    close(retry->timer.fd);
}

void retry_later(struct retry *retry)
{
    const struct itimerspec in = { .it_value = { retry->delay_ms / 1000,
                                                 (long)(retry->delay_ms % 1000) * 1000000 } };

    if (!retry->is_set)
        retry->is_set = timerfd_settime(retry->timer.fd, 0, &in, NULL) == 0;
}
