/* SPDX-License-Identifier: MIT */
/*
 * The transport of dom0's programs: structures may lie anywhere, in memory that was just allocated
 * and on stacks; threads and forked children do not get into each other's way; results are whole;
 * event channels come through descriptors; and errors are the hypervisor's.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lamina/host.h"

#define TURNS   300
#define THREADS 4

static void fail(const char *what, long found)
{
    printf("LAMINA-TEST hypercalls not ok: %s gave %ld\n", what, found);
    fflush(stdout);
    _exit(1);
}

#define EXPECT(call, wanted)                                                                       \
    do {                                                                                           \
        long found_ = (long)(call);                                                                \
        if (found_ != (long)(wanted))                                                              \
            fail(#call, found_);                                                                   \
    } while (0)

static void not_open(void)
{
    struct xen_sysctl_physinfo info = { 0 };
    uint64_t mfn = 0;
    void *address;

    EXPECT(hypercall_version_version(), -ENODEV);
    EXPECT(hypercall_sysctl_physinfo(&info), -ENODEV);
    EXPECT(host_buffer_alloc(1) == NULL, true);
    EXPECT(host_frames_map(0, &mfn, 1, PROT_READ, NULL, &address), -ENODEV);
    host_close();
}

/* Pages that nobody has touched: the kernel has not even given them a frame. */
static void fresh_memory(void)
{
    for (int i = 0; i < 50; i++) {
        xen_extraversion_t *text = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        /* across the end of a page */
        struct xen_platform_parameters *where =
            (void *)((char *)mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                                  -1, 0) + 4092);
        EXPECT(hypercall_version_extraversion(text), 0);
        EXPECT((*text)[0] == '.', true);
        EXPECT(hypercall_version_platform_parameters(where), 0);
        uint64_t start;
        memcpy(&start, where, sizeof(start));
        EXPECT(start == HYPERVISOR_VIRT_START, true);
        munmap(text, 4096);
        munmap((char *)where - 4092, 8192);
    }
}

static void buffers(void)
{
    size_t size = (1 << 20) + 1;
    char *buffer = host_buffer_alloc(size);

    EXPECT(buffer != NULL, true);
    for (size_t i = 0; i < size; i += 997)
        EXPECT(buffer[i], 0);
    struct xen_domctl_getdomaininfo *list = (void *)buffer;
    struct xen_sysctl_getdomaininfolist op = { .max_domains = 4, .buffer = (uintptr_t)list };
    EXPECT(hypercall_sysctl_getdomaininfolist(&op), 0);
    EXPECT(op.num_domains >= 1, true);
    EXPECT(list[0].domain, 0);
    host_buffer_free(buffer, size);
    host_buffer_free(NULL, 1);
}

static void results(void)
{
    struct xen_memory_domain self = { DOMID_SELF };
    struct xen_domctl_getdomaininfo info = { 0 };

    EXPECT(hypercall_memory_maximum_ram_page() > 0, true);
    EXPECT(hypercall_memory_current_reservation(&self) > 0, true);
    EXPECT(hypercall_memory_maximum_reservation(&self) > 0, true); /* "no limit" is no error */
    EXPECT(hypercall_domctl_pausedomain(0x1234), -ESRCH);
    EXPECT(hypercall_domctl_getdomaininfo(0, &info), 0);
    EXPECT(info.max_vcpu_id < 64, true);
    EXPECT(host_hypercall(63, 0, 0, 0, 0, 0), -ENOSYS);
}

/* Two answers of the same size in turn: a mixed-up buffer would show. */
static void *turns(void *unused)
{
    (void)unused;
    for (int i = 0; i < TURNS; i++) {
        struct xen_domctl_getdomaininfo info = { 0 };
        struct xen_platform_parameters where = { 0 };
        struct evtchn_status status = { .dom = DOMID_SELF, .port = (evtchn_port_t)(1 + i % 8) };

        EXPECT(hypercall_domctl_getdomaininfo(0, &info), 0);
        EXPECT(info.domain == 0 && info.tot_pages > 0, true);
        EXPECT(hypercall_version_platform_parameters(&where), 0);
        EXPECT(where.virt_start == HYPERVISOR_VIRT_START, true);
        EXPECT(hypercall_evtchn_status(&status), 0);
        EXPECT(status.port, 1 + i % 8);
    }
    return NULL;
}

static void children(int nr)
{
    for (int i = 0; i < nr; i++)
        if (fork() == 0) {
            turns(NULL);
            _exit(0);
        }
}

static void at_once(void)
{
    pthread_t threads[THREADS];

    turns(NULL); /* this thread has its buffer: children must not share it */
    children(2);
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, turns, NULL), 0);
    turns(NULL);
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < 2; i++) {
        int status;
        EXPECT(wait(&status) > 0, true);
        EXPECT(status, 0);
    }
}

static void events(void)
{
    struct evtchn_alloc_unbound other = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    evtchn_port_t port;
    int fd = host_evtchn_open();

    EXPECT(fd >= 0, true);
    EXPECT(hypercall_evtchn_alloc_unbound(&other), 0);
    int ours = host_evtchn_bind_interdomain(fd, 0, other.port);
    EXPECT(ours > 0, true);
    /* A new connection may tell once, as there may have been something before. */
    while (host_evtchn_next(fd, &port) == 1)
        EXPECT(host_evtchn_unmask(fd, port), 0);
    for (int i = 0; i < 20; i++) {
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        struct evtchn_send send = { .port = other.port };

        EXPECT(hypercall_evtchn_send(&send), 0);
        EXPECT(poll(&wait, 1, 10000), 1);
        EXPECT(host_evtchn_next(fd, &port), 1);
        EXPECT(port, ours);
        EXPECT(host_evtchn_next(fd, &port), 0);
        EXPECT(host_evtchn_unmask(fd, port), 0);
    }
    EXPECT(host_evtchn_notify(fd, (evtchn_port_t)ours), 0);
    EXPECT(host_evtchn_unbind(fd, (evtchn_port_t)ours), 0);
    EXPECT(host_evtchn_notify(fd, (evtchn_port_t)ours) < 0, true);
    EXPECT(host_evtchn_bind_interdomain(fd, 0, 4000) < 0, true);
    close(fd);
    struct evtchn_close close_op = { .port = other.port };
    EXPECT(hypercall_evtchn_close(&close_op), 0);
}

static void refused(void)
{
    uint64_t mfns[2] = { 0, UINT64_C(1) << 40 };
    grant_ref_t ref = 30000;
    int errors[2], grants = host_grants_open();
    void *address;

    EXPECT(host_frames_map(0x1234, mfns, 2, PROT_READ, NULL, &address) < 0, true);
    EXPECT(host_frames_map(0x1234, mfns, 2, PROT_READ, errors, &address) < 0, true);
    EXPECT(host_frames_map(0, mfns, 0, PROT_READ, NULL, &address), -EINVAL);
    EXPECT(host_resource_map(0x1234, XENMEM_resource_grant_table, 0, 0, 1, &address) < 0, true);
    EXPECT(grants >= 0, true);
    EXPECT(host_grants_map(grants, 0x1234, &ref, 1, PROT_READ, &address) < 0, true);
    EXPECT(host_grants_map(grants, 0, &ref, 0, PROT_READ, &address), -EINVAL);
    host_grants_unmap(grants, NULL, 1);
    host_unmap(NULL, 1);
    close(grants);
}

int main(void)
{
    not_open();
    EXPECT(host_open(), 0);
    EXPECT(host_open(), 0);
    host_close();
    fresh_memory();
    buffers();
    results();
    at_once();
    events();
    refused();
    host_close();
    EXPECT(hypercall_version_version(), -ENODEV);
    puts("LAMINA-TEST hypercalls ok");
    return 0;
}
