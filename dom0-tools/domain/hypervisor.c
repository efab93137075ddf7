/* SPDX-License-Identifier: MIT */
/*
 * Hypervisor: domctl and sysctl by libhypercall, with what the interface wants besides.
 */
#include "domain/hypervisor.h"

#include <errno.h>
#include <string.h>

#include "domain/memory.h"
#include "lamina/host.h"
#include "public/sysctl.h"

#define EVTCHN_PORT_MAX 1023u /* enough for 64 vCPUs and all devices; what other tools give */
#define GRANT_VERSION   1u
#define ERESTART_XEN    85 /* the hypervisor wants to be asked again to go on */
#define CPUS_MAX        64u

static const domid_t control_domain = 0;

int hypervisor_info(unsigned domid, struct xen_domctl_getdomaininfo *info)
{
    long rc = hypercall_domctl_getdomaininfo((domid_t)domid, info);

    /* Older interfaces answered with the next domain that there was. */
    if (rc == 0 && info->domain != domid)
        return -ESRCH;
    return (int)rc;
}

int hypervisor_list(unsigned first, struct xen_domctl_getdomaininfo *infos, unsigned nr)
{
    size_t size = nr * sizeof(*infos);
    struct xen_domctl_getdomaininfo *buffer = host_buffer_alloc(size);
    struct xen_sysctl_getdomaininfolist list = { .first_domain = (domid_t)first,
                                                 .max_domains = nr,
                                                 .buffer = (xen_handle_t)(uintptr_t)buffer };

    if (!buffer)
        return -ENOMEM;
    long rc = hypercall_sysctl_getdomaininfolist(&list);
    if (rc == 0 && list.num_domains <= nr) {
        memcpy(infos, buffer, list.num_domains * sizeof(*infos));
        rc = (long)list.num_domains;
    }
    host_buffer_free(buffer, size);
    return (int)rc;
}

int hypervisor_free_kib(uint64_t *kib)
{
    struct xen_sysctl_physinfo info;
    long rc = hypercall_sysctl_physinfo(&info);

    if (rc == 0)
        *kib = info.free_pages << (PAGE_KIB_SHIFT);
    return (int)rc;
}

int hypervisor_total_kib(uint64_t *kib)
{
    struct xen_sysctl_physinfo info;
    long rc = hypercall_sysctl_physinfo(&info);

    if (rc == 0)
        *kib = info.total_pages << (PAGE_KIB_SHIFT);
    return (int)rc;
}

int hypervisor_create(unsigned domid, const uint8_t uuid[16], unsigned nr_vcpus_max)
{
    struct xen_domctl_createdomain create = {
        .max_vcpus = nr_vcpus_max,
        .max_evtchn_port = EVTCHN_PORT_MAX,
        .max_grant_frames = -1,
        .max_maptrack_frames = -1,
        .grant_opts = GRANT_VERSION,
    };
    domid_t id = (domid_t)domid;

    memcpy(create.handle, uuid, sizeof(create.handle));
    long rc = hypercall_domctl_createdomain(&id, &create);
    if (rc == 0 && id != domid) {
        hypercall_domctl_destroydomain(id);
        return -EEXIST;
    }
    return (int)rc;
}

int hypervisor_destroy(unsigned domid)
{
    long rc;

    do
        rc = hypercall_domctl_destroydomain((domid_t)domid);
    while (rc == -ERESTART_XEN || rc == -EAGAIN);
    return (int)rc;
}

int hypervisor_pause(unsigned domid)
{
    return (int)hypercall_domctl_pausedomain((domid_t)domid);
}

int hypervisor_unpause(unsigned domid)
{
    return (int)hypercall_domctl_unpausedomain((domid_t)domid);
}

int hypervisor_set_nr_vcpus(unsigned domid, unsigned nr)
{
    struct xen_domctl_max_vcpus vcpus = { .max = nr };

    return (int)hypercall_domctl_max_vcpus((domid_t)domid, &vcpus);
}

int hypervisor_set_memory_max(unsigned domid, uint64_t kib)
{
    struct xen_domctl_max_mem memory = { .max_memkb = kib };

    return (int)hypercall_domctl_max_mem((domid_t)domid, &memory);
}

int hypervisor_set_time_offset(unsigned domid, int64_t seconds)
{
    struct xen_domctl_settimeoffset offset = { .time_offset_seconds = seconds };

    return (int)hypercall_domctl_settimeoffset((domid_t)domid, &offset);
}

int hypervisor_set_uuid(unsigned domid, const uint8_t uuid[16])
{
    struct xen_domctl_setdomainhandle handle;

    memcpy(handle.handle, uuid, sizeof(handle.handle));
    return (int)hypercall_domctl_setdomainhandle((domid_t)domid, &handle);
}

int hypervisor_alloc_port(unsigned domid, evtchn_port_t *port)
{
    struct evtchn_alloc_unbound op = { .dom = (domid_t)domid, .remote_dom = control_domain };
    long rc = hypercall_evtchn_alloc_unbound(&op);

    if (rc == 0)
        *port = op.port;
    return (int)rc;
}

int hypervisor_pin(unsigned domid, unsigned vcpu, uint64_t cpus)
{
    uint64_t *map = host_buffer_alloc(sizeof(*map));
    struct xen_domctl_vcpuaffinity affinity = {
        .vcpu = vcpu,
        .flags = XEN_VCPUAFFINITY_HARD,
        .cpumap_hard = { .bitmap = (xen_handle_t)(uintptr_t)map, .nr_bits = CPUS_MAX },
    };

    if (!map)
        return -ENOMEM;
    *map = cpus;
    long rc = hypercall_domctl_setvcpuaffinity((domid_t)domid, &affinity);
    host_buffer_free(map, sizeof(*map));
    return (int)rc;
}

/* Credit and credit2 have the same two numbers at the same place. */
static int weight_op(unsigned domid, uint32_t command, uint16_t *weight, uint16_t *cap)
{
    struct xen_sysctl_sched_id scheduler;
    long rc = hypercall_sysctl_sched_id(&scheduler);

    if (rc != 0)
        return (int)rc;
    if (scheduler.sched_id != XEN_SCHEDULER_CREDIT && scheduler.sched_id != XEN_SCHEDULER_CREDIT2)
        return -EOPNOTSUPP;
    struct xen_domctl_scheduler_op op = { .sched_id = scheduler.sched_id, .cmd = command };
    op.u.credit2.weight = *weight;
    op.u.credit2.cap = *cap;
    rc = hypercall_domctl_scheduler_op((domid_t)domid, &op);
    *weight = op.u.credit2.weight;
    *cap = op.u.credit2.cap;
    return (int)rc;
}

int hypervisor_get_weight(unsigned domid, uint16_t *weight, uint16_t *cap)
{
    *weight = *cap = 0;
    return weight_op(domid, XEN_DOMCTL_SCHEDOP_getinfo, weight, cap);
}

int hypervisor_set_weight(unsigned domid, uint16_t weight, uint16_t cap)
{
    return weight_op(domid, XEN_DOMCTL_SCHEDOP_putinfo, &weight, &cap);
}
