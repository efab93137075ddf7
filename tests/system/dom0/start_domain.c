/* SPDX-License-Identifier: MIT */
/*
 * Starts a domain by nothing but the builder and hypercalls, prints what it writes to its console
 * ring, and takes it away again: no daemon, no device. A store that runs is told of the domain.
 *
 * Usage: start_domain KERNEL INITRD|- MIB SECONDS TEXT [COMMAND-LINE]
 * Exit code 0 when TEXT came within SECONDS.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "builder/builder.h"
#include "lamina/host.h"
#include "public/io/console.h"
#include "store/client.h"

#define SAID_MAX (1u << 20)

struct console {
    struct xencons_interface *ring;
    int events, grants;
    evtchn_port_t port;
    char said[SAID_MAX];
    size_t nr;
};

static struct console console;

static void need(long rc, const char *what)
{
    if (rc < 0) {
        fprintf(stderr, "start_domain: %s: %s\n", what, strerror((int)-rc));
        exit(1);
    }
}

/* Under QEMU's -icount a nanosecond is an instruction. */
static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t free_frames(void)
{
    struct xen_sysctl_physinfo info = { 0 };

    need(hypercall_sysctl_physinfo(&info), "physinfo");
    return info.free_pages;
}

static evtchn_port_t unbound_port(domid_t domain)
{
    struct evtchn_alloc_unbound op = { .dom = domain, .remote_dom = 0 };

    need(hypercall_evtchn_alloc_unbound(&op), "alloc_unbound");
    return op.port;
}

static domid_t create(uint64_t kib)
{
    struct xen_domctl_createdomain op = { .max_vcpus = 1,
                                          .max_evtchn_port = 1023,
                                          .max_grant_frames = -1,
                                          .max_maptrack_frames = -1,
                                          .grant_opts = 1 };
    struct xen_domctl_max_vcpus vcpus = { .max = 1 };
    struct xen_domctl_max_mem memory = { .max_memkb = kib + 1024 };
    domid_t domain = DOMID_INVALID;

    need(hypercall_domctl_createdomain(&domain, &op), "createdomain");
    need(hypercall_domctl_max_vcpus(domain, &vcpus), "max_vcpus");
    need(hypercall_domctl_max_mem(domain, &memory), "max_mem");
    return domain;
}

/* Prints what is new in the ring; whole lines get a mark. */
static void take(struct console *c)
{
    uint32_t prod = __atomic_load_n(&c->ring->out_prod, __ATOMIC_ACQUIRE);
    uint32_t cons = c->ring->out_cons;

    if (prod - cons > sizeof(c->ring->out))
        need(-EIO, "the console ring");
    for (; cons != prod && c->nr < SAID_MAX - 1; cons++) {
        char letter = c->ring->out[MASK_XENCONS_IDX(cons, c->ring->out)];
        if (c->nr == 0 || c->said[c->nr - 1] == '\n')
            fputs("domU: ", stdout);
        putchar(letter);
        c->said[c->nr++] = letter;
    }
    fflush(stdout);
    __atomic_store_n(&c->ring->out_cons, prod, __ATOMIC_RELEASE);
    (void)host_evtchn_notify(c->events, c->port);
}

static bool wait_for(struct console *c, const char *text, int seconds)
{
    uint64_t end = now_ns() + (uint64_t)seconds * 1000000000u;

    for (;;) {
        take(c);
        if (strstr(c->said, text))
            return true;
        uint64_t now = now_ns();
        struct pollfd fd = { .fd = c->events, .events = POLLIN };
        evtchn_port_t port;
        if (now >= end || poll(&fd, 1, (int)((end - now) / 1000000) + 1) <= 0)
            return false;
        while (host_evtchn_next(c->events, &port) == 1)
            (void)host_evtchn_unmask(c->events, port);
    }
}

static void attach(struct console *c, domid_t domain, const struct build_request *request)
{
    void *ring;
    grant_ref_t ref = 0;

    c->grants = host_grants_open();
    need(c->grants, "gntdev");
    c->events = host_evtchn_open();
    need(c->events, "evtchn");
    need(host_grants_map(c->grants, domain, &ref, 1, PROT_READ | PROT_WRITE, &ring), "grant 0");
    c->ring = ring;
    int port = host_evtchn_bind_interdomain(c->events, domain, request->console_port);
    need(port, "bind_interdomain");
    c->port = (evtchn_port_t)port;
}

static void detach_and_destroy(struct console *c, domid_t domain)
{
    long rc;

    host_grants_unmap(c->grants, c->ring, 1);
    close(c->grants);
    close(c->events);
    do
        rc = hypercall_domctl_destroydomain(domain);
    while (rc == -ERESTART);
    need(rc, "destroydomain");
}

static void introduce(const struct build_request *request, const struct build_result *result)
{
    struct store_client *store;

    if (store_open(&store, 0) != 0)
        return;
    need(store_introduce(store, request->domain, result->store_mfn, request->store_port),
         "introduce");
    store_close(store);
}

static void release(domid_t domain)
{
    struct store_client *store;

    if (store_open(&store, 0) != 0)
        return;
    need(store_release(store, domain), "release");
    store_close(store);
}

/* Frames come back once nobody has them mapped; the domain is gone then. */
static bool is_gone(domid_t domain)
{
    struct xen_domctl_getdomaininfo info = { 0 };

    return hypercall_domctl_getdomaininfo(domain, &info) != 0 || info.domain != domain;
}

int main(int argc, char **argv)
{
    struct failure failure = { 0 };
    struct build_result result;

    if (argc < 6)
        return 2;
    need(host_open(), "hypercalls");
    uint64_t kib = strtoull(argv[3], NULL, 10) << 10, before = free_frames();
    struct build_request request = { .domain = create(kib),
                                     .kernel = argv[1],
                                     .initrd = strcmp(argv[2], "-") == 0 ? NULL : argv[2],
                                     .cmdline = argc > 6 ? argv[6] : NULL,
                                     .memory_kib = kib,
                                     .memory_max_kib = kib,
                                     .nr_vcpus = 1 };
    request.store_port = unbound_port(request.domain);
    request.console_port = unbound_port(request.domain);
    uint64_t start = now_ns();
    int rc = build_domain(&request, &result, &failure);
    uint64_t end = now_ns();
    if (rc) {
        fprintf(stderr, "start_domain: %s\n", failure.text);
        (void)hypercall_domctl_destroydomain(request.domain);
        return 1;
    }
    printf("start_domain: built in %ju ns\n", (uintmax_t)(end - start));
    attach(&console, request.domain, &request);
    introduce(&request, &result);
    need(hypercall_domctl_unpausedomain(request.domain), "unpausedomain");
    bool seen = wait_for(&console, argv[5], atoi(argv[4]));
    printf("\nstart_domain: %s \"%s\"\n", seen ? "found" : "no", argv[5]);
    release(request.domain);
    detach_and_destroy(&console, request.domain);
    bool gone = is_gone(request.domain);
    printf("start_domain: %ju frames free before, %ju after, %s\n", (uintmax_t)before,
           (uintmax_t)free_frames(), gone ? "gone" : "still there");
    return seen && gone ? 0 : 1;
}
