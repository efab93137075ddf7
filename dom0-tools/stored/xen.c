/* SPDX-License-Identifier: MIT */
/*
 * Xen: the rings of domains, by way of libhypercall. A domain's page is its grant 1, or failing
 * that the frame that its introduction named; that of this domain comes from /proc/xen. Event
 * channels tell of work, and a virtual interrupt of domains that ended; it comes without saying
 * which, so all are asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <syslog.h>
#include <unistd.h>

#include "common/daemon.h"
#include "lamina/host.h"
#include "stored/ring.h"
#include "stored/server.h"
#include "stored/watch.h"

#define PAGE_BYTES     4096u
#define GRANT_STORE    1u
#define LIST_MAX       128u /* domains that one look asks for */
#define PORTS_PER_TURN 64

/* The ring of one domain, as domain->ring. */
struct ring {
    ring_page *page;
    bool is_granted;    /* else a frame, or for this domain a page of the kernel's */
    bool is_ready;      /* there may be something to take */
    evtchn_port_t port; /* ours */
};

struct xen {
    struct loop_source events; /* first: the source of all ports */
    struct server *server;
    int grants;
    evtchn_port_t virq;
    bool has_ended;                         /* some domain may have */
    struct xen_domctl_getdomaininfo *infos; /* LIST_MAX */
};

static int map_own(struct ring *ring)
{
    int fd = open("/proc/xen/xsd_kva", O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    int rc = page == MAP_FAILED ? -errno : 0;
    close(fd);
    ring->page = rc ? NULL : page;
    return rc;
}

/* The frame is a number that only domain 0 could give; the grant is the guest's word. */
static int map_other(const struct xen *xen, const struct domain *domain, struct ring *ring)
{
    static const grant_ref_t grant = GRANT_STORE;
    void *page = NULL;
    int rc = host_grants_map(xen->grants, domain->domid, &grant, 1, PROT_READ | PROT_WRITE, &page);

    ring->is_granted = rc == 0;
    if (rc)
        rc = host_frames_map(domain->domid, &domain->frame, 1, PROT_READ | PROT_WRITE, NULL, &page);
    ring->page = rc ? NULL : page;
    return rc;
}

static void ring_unmap(const struct xen *xen, struct ring *ring)
{
    void *page = (void *)(uintptr_t)ring->page;

    if (ring->is_granted)
        host_grants_unmap(xen->grants, page, 1);
    else
        host_unmap(page, 1);
}

static int ring_connect(const struct xen *xen, const struct domain *domain, struct ring *ring)
{
    int rc = domain->domid == 0 ? map_own(ring) : map_other(xen, domain, ring);

    if (rc)
        return rc;
    int port = host_evtchn_bind_interdomain(xen->events.fd, domain->domid, domain->port);
    if (port < 0) {
        ring_unmap(xen, ring);
        return port;
    }
    ring->port = (evtchn_port_t)port;
    return 0;
}

/* What the protocol has a word for; everything else is the caller's mistake. */
static int introduction_error(int rc)
{
    return rc == -ENOMEM || rc == -ENOSPC || rc == -EACCES || rc == -EPERM ? -rc : EINVAL;
}

static int xen_attach(void *context, struct domain *domain, bool is_new)
{
    struct server *server = context;
    struct ring *ring = must_zalloc(sizeof(*ring));
    int rc = ring_connect(server->xen, domain, ring);

    if (rc) {
        free(ring);
        return introduction_error(rc);
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
    (void)host_evtchn_notify(server->xen->events.fd, ring->port);
    return 0;
}

static void xen_detach(void *context, struct domain *domain)
{
    struct server *server = context;
    struct ring *ring = domain->ring;

    if (!ring)
        return;
    (void)host_evtchn_unbind(server->xen->events.fd, ring->port);
    ring_unmap(server->xen, ring);
    free(ring);
    domain->ring = NULL;
}

/* The domains from `first` on, in order of their numbers: how many, or a negative errno value. */
static int list_domains(struct xen *xen, uint16_t first)
{
    struct xen_sysctl_getdomaininfolist list = { .first_domain = first, .max_domains = LIST_MAX };

    list.buffer = (uintptr_t)xen->infos;
    long rc = hypercall_sysctl_getdomaininfolist(&list);
    if (rc < 0)
        return (int)rc;
    return list.num_domains < LIST_MAX ? (int)list.num_domains : (int)LIST_MAX;
}

/* What the hypervisor says of known domains between two numbers; who is not in the list is gone. */
static bool judge_domains(struct server *server, uint32_t first, uint32_t end, int nr)
{
    const struct xen_domctl_getdomaininfo *infos = server->xen->infos;
    struct domain *next;
    bool has_told = false;

    for (struct domain *domain = server->store->domains; domain; domain = next) {
        int i = 0;
        next = domain->next;
        if (domain->domid == 0 || domain->domid < first || domain->domid >= end)
            continue;
        while (i < nr && infos[i].domain != domain->domid)
            i++;
        if (i == nr || infos[i].flags & XEN_DOMINF_dying) {
            domain_release(server->store, domain);
            has_told = true;
        } else if (infos[i].flags & XEN_DOMINF_shutdown) {
            has_told = has_told || !domain->is_stopped;
            domain_set_stopped(server->store, domain, true);
        }
    }
    return has_told;
}

/*
 * Releases the domains that are gone; tells of those that have shut down. Something has ended, so
 * @releaseDomain tells in any case: also when a domain that was released before has now given back
 * its last page, for which whoever destroyed it is waiting.
 */
static void look_at_domains(struct server *server)
{
    uint32_t first = 0;
    bool has_told = false;

    while (first < DOMID_END) {
        int nr = list_domains(server->xen, (uint16_t)first);
        if (nr < 0) {
            daemon_log(LOG_ERR, "cannot list the domains: %s", strerror(-nr));
            return;
        }
        uint32_t end = DOMID_END;
        if (nr == LIST_MAX)
            end = server->xen->infos[nr - 1].domain + 1u;
        has_told = judge_domains(server, first, end, nr) || has_told;
        first = end;
    }
    if (!has_told)
        watch_fire_special(server->store, SPECIAL_RELEASE);
}

static void mark_ready(struct server *server, evtchn_port_t port)
{
    for (struct domain *domain = server->store->domains; domain; domain = domain->next) {
        struct ring *ring = domain->ring;
        if (ring && ring->port == port)
            ring->is_ready = true;
    }
}

/* Unmasked at once: the next event of the port may come, and our look at the ring follows. */
static void events_ready(struct loop_source *source, uint32_t events)
{
    struct xen *xen = (struct xen *)source;
    evtchn_port_t port;

    (void)events;
    for (int i = 0; i < PORTS_PER_TURN && host_evtchn_next(source->fd, &port) == 1; i++) {
        if (port == xen->virq)
            xen->has_ended = true;
        else
            mark_ready(xen->server, port);
        int rc = host_evtchn_unmask(source->fd, port);
        if (rc)
            daemon_log(LOG_ERR, "event channel %u: %s", port, strerror(-rc));
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
        (void)host_evtchn_notify(server->xen->events.fd, ring->port);
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
    int rc = host_open();

    if (rc)
        return rc;
    xen->events.fd = host_evtchn_open();
    if (xen->events.fd < 0)
        return xen->events.fd;
    xen->grants = host_grants_open();
    if (xen->grants < 0)
        return xen->grants;
    xen->infos = host_buffer_alloc(LIST_MAX * sizeof(xen->infos[0]));
    if (!xen->infos)
        return -ENOMEM;
    int port = host_evtchn_bind_virq(xen->events.fd, VIRQ_DOM_EXC);
    if (port < 0)
        return port;
    xen->virq = (evtchn_port_t)port;
    return 0;
}

/* A domain that cannot be gone on with has ended meanwhile, or will be found to have. */
static void attach_known(struct server *server)
{
    for (struct domain *domain = server->store->domains; domain; domain = domain->next)
        if (!domain->ring && xen_attach(server, domain, false) != 0)
            daemon_log(LOG_WARNING, "domain %u: no ring", domain->domid);
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
