/* SPDX-License-Identifier: MIT */
/*
 * Xen: the rings of domains, by way of the kernel's devices. A domain's page is its grant 1; that
 * of this domain comes from /proc/xen. Event channels tell of work, and a virtual interrupt of
 * domains that ended; it comes without saying which, so each known one is looked at.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "public/domctl.h"
#include "public/xen.h"
#include "stored/ring.h"
#include "stored/server.h"

#define PAGE_BYTES  4096u
#define GRANT_STORE 1u

struct bind_virq {
    uint32_t virq;
};

struct bind_interdomain {
    uint32_t remote_domain, remote_port;
};

struct port_argument {
    uint32_t port;
};

struct map_grant {
    uint32_t count, pad;
    uint64_t index; /* out: the offset for mmap */
    uint32_t domid, reference;
};

struct unmap_grant {
    uint64_t index;
    uint32_t count, pad;
};

struct privcmd_hypercall {
    uint64_t number, arguments[5];
};

#define EVTCHN_BIND_VIRQ        _IOC(_IOC_NONE, 'E', 0, sizeof(struct bind_virq))
#define EVTCHN_BIND_INTERDOMAIN _IOC(_IOC_NONE, 'E', 1, sizeof(struct bind_interdomain))
#define EVTCHN_UNBIND           _IOC(_IOC_NONE, 'E', 3, sizeof(struct port_argument))
#define EVTCHN_NOTIFY           _IOC(_IOC_NONE, 'E', 4, sizeof(struct port_argument))
#define GNTDEV_MAP_GRANT_REF    _IOC(_IOC_NONE, 'G', 0, sizeof(struct map_grant))
#define GNTDEV_UNMAP_GRANT_REF  _IOC(_IOC_NONE, 'G', 1, sizeof(struct unmap_grant))
#define PRIVCMD_HYPERCALL       _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))

/* The ring of one domain, as domain->ring. */
struct ring {
    ring_page *page;
    uint64_t grant; /* index of the mapping; not for domain 0 */
    uint32_t port;  /* ours */
    bool is_ready;  /* there may be something to take */
};

struct xen {
    struct loop_source events; /* first: the source of all ports */
    struct server *server;
    int gntdev, privcmd;
    uint32_t virq;
    bool has_ended; /* some domain may have */
    struct xen_domctl *domctl;
};

static int notify(const struct xen *xen, uint32_t port)
{
    return ioctl(xen->events.fd, EVTCHN_NOTIFY, &(struct port_argument){ port });
}

static int map_own(struct ring *ring)
{
    int fd = open("/proc/xen/xsd_kva", O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return errno;
    void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    int rc = page == MAP_FAILED ? errno : 0;
    close(fd);
    ring->page = rc ? NULL : page;
    return rc;
}

static int map_granted(const struct xen *xen, uint16_t domid, struct ring *ring)
{
    struct map_grant map = { .count = 1, .domid = domid, .reference = GRANT_STORE };

    if (ioctl(xen->gntdev, GNTDEV_MAP_GRANT_REF, &map) != 0)
        return errno;
    void *page =
        mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, xen->gntdev, (off_t)map.index);
    if (page == MAP_FAILED) {
        int rc = errno;
        (void)ioctl(xen->gntdev, GNTDEV_UNMAP_GRANT_REF,
                    &(struct unmap_grant){ .index = map.index, .count = 1 });
        return rc;
    }
    ring->page = page;
    ring->grant = map.index;
    return 0;
}

static void ring_unmap(const struct xen *xen, uint16_t domid, struct ring *ring)
{
    munmap((void *)(uintptr_t)ring->page, PAGE_BYTES);
    if (domid != 0)
        (void)ioctl(xen->gntdev, GNTDEV_UNMAP_GRANT_REF,
                    &(struct unmap_grant){ .index = ring->grant, .count = 1 });
}

static int xen_attach(void *context, struct domain *domain, bool is_new)
{
    struct server *server = context;
    struct ring *ring = must_zalloc(sizeof(*ring));
    int rc = domain->domid == 0 ? map_own(ring) : map_granted(server->xen, domain->domid, ring);

    if (rc == 0) {
        struct bind_interdomain bind = { domain->domid, domain->port };
        int port = ioctl(server->xen->events.fd, EVTCHN_BIND_INTERDOMAIN, &bind);
        rc = port < 0 ? errno : 0;
        ring->port = (uint32_t)port;
        if (rc)
            ring_unmap(server->xen, domain->domid, ring);
    }
    if (rc) {
        free(ring);
        return rc;
    }
    ring->is_ready = true;
    domain->ring = ring;
    if (is_new)
        ring_begin(domain->connection, ring->page);
    else
        ring_resume(server->store, domain->connection, ring->page);
    /*
     * dom0's kernel begins to use the store with the first event on its port. Others are used to
     * events without a message.
     */
    (void)notify(server->xen, ring->port);
    return 0;
}

static void xen_detach(void *context, struct domain *domain)
{
    struct server *server = context;
    struct ring *ring = domain->ring;

    if (!ring)
        return;
    (void)ioctl(server->xen->events.fd, EVTCHN_UNBIND, &(struct port_argument){ ring->port });
    ring_unmap(server->xen, domain->domid, ring);
    free(ring);
    domain->ring = NULL;
}

/* What the hypervisor knows of the domain: 0, or a negative errno value. */
static int domain_info(const struct xen *xen, uint16_t domid, uint32_t *flags)
{
    struct privcmd_hypercall call = { __HYPERVISOR_domctl, { (uintptr_t)xen->domctl } };

    memset(xen->domctl, 0, sizeof(*xen->domctl));
    xen->domctl->cmd = XEN_DOMCTL_getdomaininfo;
    xen->domctl->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    xen->domctl->domain = domid;
    if (ioctl(xen->privcmd, PRIVCMD_HYPERCALL, &call) < 0)
        return -errno;
    *flags = xen->domctl->u.getdomaininfo.flags;
    return xen->domctl->u.getdomaininfo.domain == domid ? 0 : -ESRCH;
}

/* Releases the domains that are gone; tells of those that have shut down. */
static void look_at_domains(struct server *server)
{
    struct domain *next;

    for (struct domain *domain = server->store->domains; domain; domain = next) {
        uint32_t flags = 0;
        next = domain->next;
        if (domain->domid == 0)
            continue;
        int rc = domain_info(server->xen, domain->domid, &flags);
        if (rc == -ESRCH || (rc == 0 && flags & XEN_DOMINF_dying))
            domain_release(server->store, domain);
        else if (rc == 0 && flags & XEN_DOMINF_shutdown)
            domain_set_stopped(server->store, domain, true);
    }
}

static void mark_ready(struct server *server, uint32_t port)
{
    for (struct domain *domain = server->store->domains; domain; domain = domain->next) {
        struct ring *ring = domain->ring;
        if (ring && ring->port == port)
            ring->is_ready = true;
    }
}

static void events_ready(struct loop_source *source, uint32_t events)
{
    struct xen *xen = (struct xen *)source;
    uint32_t ports[64];
    ssize_t n = read(source->fd, ports, sizeof(ports));

    (void)events;
    for (ssize_t i = 0; i < n / (ssize_t)sizeof(ports[0]); i++) {
        if (ports[i] == xen->virq)
            xen->has_ended = true;
        else
            mark_ready(xen->server, ports[i]);
        /* Written back: the next event of this port may come. Our look at the ring follows. */
        if (write(source->fd, &ports[i], sizeof(ports[i])) < 0)
            perror("lamina-stored: event channel");
    }
}

void xen_receive(struct server *server)
{
    if (!server->xen)
        return;
    if (server->xen->has_ended) {
        server->xen->has_ended = false;
        look_at_domains(server);
    }
    for (struct domain *domain = server->store->domains, *next; domain; domain = next) {
        struct ring *ring = domain->ring;
        next = domain->next;
        if (!ring || !ring->is_ready)
            continue;
        ring->is_ready =
            ring_receive(server->store, domain->connection, ring->page, REQUESTS_PER_TURN);
        if (ring->is_ready)
            loop_again(server->loop);
    }
}

void xen_publish(struct server *server)
{
    for (struct domain *domain = server->store->domains; domain; domain = domain->next) {
        struct ring *ring = domain->ring;
        if (!ring || !ring_publish(server->store, domain->connection, ring->page))
            continue;
        (void)notify(server->xen, ring->port);
        /* It was held up by its own answers; with room made, its requests are looked at again. */
        ring->is_ready = true;
        loop_again(server->loop);
    }
}

static int read_own_port(uint32_t *port)
{
    FILE *file = fopen("/proc/xen/xsd_port", "re");
    int nr = file ? fscanf(file, "%u", port) : 0;

    if (file)
        fclose(file);
    return nr == 1 ? 0 : -ENODEV;
}

static int open_devices(struct xen *xen)
{
    xen->events.fd = open("/dev/xen/evtchn", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    xen->gntdev = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);
    xen->privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    if (xen->events.fd < 0 || xen->gntdev < 0 || xen->privcmd < 0)
        return -errno;
    /* A hypercall's argument has to stay where it is. */
    void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
    if (page == MAP_FAILED)
        return -errno;
    xen->domctl = page;
    int port = ioctl(xen->events.fd, EVTCHN_BIND_VIRQ, &(struct bind_virq){ VIRQ_DOM_EXC });
    if (port < 0)
        return -errno;
    xen->virq = (uint32_t)port;
    return 0;
}

/* A domain that cannot be gone on with has ended meanwhile, or will be found to have. */
static void attach_known(struct server *server)
{
    for (struct domain *domain = server->store->domains; domain; domain = domain->next)
        if (!domain->ring && xen_attach(server, domain, false) != 0)
            fprintf(stderr, "lamina-stored: domain %u: no ring\n", domain->domid);
}

int xen_open(struct server *server)
{
    struct xen *xen = must_zalloc(sizeof(*xen));
    uint32_t port;

    xen->events.ready = events_ready;
    xen->server = server;
    xen->has_ended = true;
    server->xen = xen;
    int rc = open_devices(xen);
    if (rc == 0)
        rc = read_own_port(&port);
    if (rc)
        return rc;
    server->store->hooks = (struct store_hooks){ xen_attach, xen_detach, server };
    attach_known(server);
    if (!domain_find(server->store, 0))
        rc = -domain_introduce(server->store, 0, 0, port);
    loop_again(server->loop);
    return rc ? rc : loop_add(server->loop, &xen->events, EPOLLIN);
}
