/* SPDX-License-Identifier: MIT */
/*
 * Builders: process descriptors, taken of a number and then compared with the recorded start, so
 * that a later process of the same number is not waited for.
 */
#include "laminad/builders.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
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

/* A descriptor of the living process, or -ESRCH, or another negative errno value. */
static int open_process(const char *text)
{
    long pid;

    if (sscanf(text, "%ld", &pid) != 1)
        return -ESRCH;
    int fd = pidfd_open((pid_t)pid, 0);
    if (fd < 0)
        return errno == EINVAL ? -ESRCH : -errno;
    int rc = builder_lives(text);
    if (rc > 0)
        return fd;
    close(fd);
    return rc ? rc : -ESRCH;
}

int builder_await(struct laminad *daemon, unsigned domid, const char *text,
                  void (*review)(struct laminad *daemon, unsigned domid))
{
    if (find(daemon, domid))
        return 1;
    struct builder *builder = calloc(1, sizeof(*builder));
    int fd = builder ? open_process(text) : -ENOMEM;
    if (fd < 0) {
        free(builder);
        return fd == -ESRCH ? 0 : fd;
    }
    *builder = (struct builder){ { fd, builder_ready }, daemon, daemon->builders, domid, review };
    daemon->builders = builder;
    int rc = loop_add(daemon->loop, &builder->source, EPOLLIN);
    if (rc)
        builder_forget(daemon, domid);
    return rc ? rc : 1;
}
