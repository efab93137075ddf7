/* SPDX-License-Identifier: MIT */
/*
 * Builders: process descriptors, taken of a number and then compared with the recorded start, so
 * that a later process of the same number is not waited for.
 */
#include "laminad/builders.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <syslog.h>
#include <unistd.h>

#include "domain/record.h"

struct builder {
    struct loop_source source; /* first */
    struct laminad *daemon;
    struct builder *next;
    unsigned domid;
    void (*review)(struct laminad *daemon, unsigned domid);
};

static struct builder *find(const struct laminad *daemon, unsigned domid)
{
    struct builder *builder = daemon->builders;

    while (builder && builder->domid != domid)
        builder = builder->next;
    return builder;
}

void builder_forget(struct laminad *daemon, unsigned domid)
{
    struct builder *builder = find(daemon, domid), **slot = &daemon->builders;

    if (!builder)
        return;
    while (*slot != builder)
        slot = &(*slot)->next;
    *slot = builder->next;
    loop_remove(daemon->loop, &builder->source);
    close(builder->source.fd);
    free(builder);
}

void builders_forget_all(struct laminad *daemon)
{
    while (daemon->builders)
        builder_forget(daemon, daemon->builders->domid);
}

static void builder_ready(struct loop_source *source, uint32_t events)
{
    struct builder *builder = (struct builder *)source;
    struct laminad *daemon = builder->daemon;
    unsigned domid = builder->domid;
    void (*review)(struct laminad * daemon, unsigned domid) = builder->review;

    (void)events;
    builder_forget(daemon, domid);
    review(daemon, domid);
}

static int open_process(const char *text)
{
    long pid;

    if (sscanf(text, "%ld", &pid) != 1)
        return -1;
    int fd = pidfd_open((pid_t)pid, 0);
    if (fd >= 0 && builder_lives(text))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

bool builder_await(struct laminad *daemon, unsigned domid, const char *text,
                   void (*review)(struct laminad *daemon, unsigned domid))
{
    if (find(daemon, domid))
        return true;
    int fd = open_process(text);
    struct builder *builder = fd < 0 ? NULL : calloc(1, sizeof(*builder));
    if (!builder) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    *builder = (struct builder){ { fd, builder_ready }, daemon, daemon->builders, domid, review };
    daemon->builders = builder;
    int rc = loop_add(daemon->loop, &builder->source, EPOLLIN);
    if (rc)
        daemon_log(LOG_ERR, "domain %u: cannot wait for its builder: %s", domid, strerror(-rc));
    return true;
}
