/* SPDX-License-Identifier: MIT */
/*
 * Counts: what of the machine is in use, one "name value" a line, so that a test can compare before
 * and after: free frames, dom0's event channels, domains (a dying one whose pages someone still
 * maps is counted as well).
 */
#include <stdio.h>

#include "lamina/host.h"

#define PORTS_MAX   4096 /* what the 2-level interface has; a FIFO one gives low numbers first */
#define DOMAINS_MAX 1024

static unsigned channels(void)
{
    unsigned used = 0;

    for (evtchn_port_t port = 1; port < PORTS_MAX; port++) {
        struct evtchn_status status = { .dom = DOMID_SELF, .port = port };

        used += !hypercall_evtchn_status(&status) && status.status != EVTCHNSTAT_closed;
    }
    return used;
}

static long domains(void)
{
    size_t size = DOMAINS_MAX * sizeof(struct xen_domctl_getdomaininfo);
    void *buffer = host_buffer_alloc(size);
    struct xen_sysctl_getdomaininfolist list = { .max_domains = DOMAINS_MAX,
                                                 .buffer = (uint64_t)buffer };
    long error = buffer ? hypercall_sysctl_getdomaininfolist(&list) : -1;

    host_buffer_free(buffer, size);
    return error ? error : list.num_domains;
}

int main(void)
{
    struct xen_sysctl_physinfo machine;
    int error = host_open();

    if (error || hypercall_sysctl_physinfo(&machine)) {
        fprintf(stderr, "counts: the hypervisor does not answer (%d)\n", error);
        return 1;
    }
    printf("frames %lu\n", (unsigned long)machine.free_pages);
    printf("channels %u\n", channels());
    printf("domains %ld\n", domains());
    host_close();
    return 0;
}
