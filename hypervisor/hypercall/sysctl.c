/* SPDX-License-Identifier: MIT */
/*
 * sysctl: what tools ask of the machine. Processors are alike, each a core of one socket; memory is
 * one node; all of it is one pool. Lists are bounded by what there is of these.
 */
#include "core/console.h"
#include "core/domain.h"
#include "core/sched.h"
#include "hypercall/bitmap.h"
#include "hypercall/cpu_policy.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "mm/guest.h"
#include "sys/log.h"

#define KEYS_MAX       256 /* a longer list is no typing */
#define LOG_PART_BYTES 256
#define DISTANCE_LOCAL 10 /* as firmware tables have it */

long hc_sysctl_physinfo(struct xen_sysctl_physinfo *physinfo)
{
    __builtin_memset(physinfo, 0, sizeof(*physinfo));
    physinfo->threads_per_core = 1;
    physinfo->cores_per_socket = machine_nr_cpus();
    physinfo->nr_cpus = machine_nr_cpus();
    physinfo->max_cpu_id = machine_nr_cpus() - 1;
    physinfo->nr_nodes = 1;
    physinfo->cpu_khz = (uint32_t)machine_tsc_khz();
    physinfo->capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1;
    physinfo->total_pages = frames_total();
    physinfo->free_pages = frames_free();
    physinfo->max_mfn = frames_end - 1;
    for (unsigned i = 0; i < ARRAY_SIZE(physinfo->hw_cap); i++)
        physinfo->hw_cap[i] = cpu_feature_word(CPU_OF_MACHINE, i);
    return 0;
}

/* Bounded by the log's ring, which is read once round at most. */
long hc_sysctl_readconsole(struct xen_sysctl_readconsole *readconsole)
{
    uint32_t index = readconsole->incremental ? readconsole->index : 0;
    guest_ptr_t buffer = guest_ptr(readconsole->buffer);
    char part[LOG_PART_BYTES];
    uint32_t done = 0;

    while (done < readconsole->count) {
        size_t n = log_read(part, MIN(readconsole->count - done, (uint32_t)LOG_PART_BYTES), &index);

        if (!n)
            break;
        if (copy_to_guest(guest_ptr_at(buffer, done, 1), part, n))
            return -EFAULT;
        done += (uint32_t)n;
    }
    if (readconsole->clear)
        log_clear();
    readconsole->count = done;
    readconsole->index = index;
    return 0;
}

long hc_sysctl_debug_keys(struct xen_sysctl_debug_keys *debug_keys)
{
    char keys[KEYS_MAX];

    if (debug_keys->nr_keys > KEYS_MAX)
        return -E2BIG;
    if (copy_from_guest(keys, guest_ptr(debug_keys->keys), debug_keys->nr_keys))
        return -EFAULT;
    for (uint32_t i = 0; i < debug_keys->nr_keys; i++)
        console_debug_key((uint8_t)keys[i]);
    return 0;
}

/* ---- processors and memory ---- */

long hc_sysctl_getcpuinfo(struct xen_sysctl_getcpuinfo *getcpuinfo)
{
    uint32_t nr = MIN(getcpuinfo->max_cpus, machine_nr_cpus());

    for (uint32_t cpu = 0; cpu < nr; cpu++) {
        struct xen_sysctl_cpuinfo info = { sched_idle_ns(cpu) };

        if (copy_to_guest(guest_ptr_at(guest_ptr(getcpuinfo->info), cpu, sizeof(info)), &info,
                          sizeof(info)))
            return -EFAULT;
    }
    getcpuinfo->nr_cpus = nr;
    return 0;
}

long hc_sysctl_availheap(struct xen_sysctl_availheap *availheap)
{
    if (availheap->node > 0)
        return -EINVAL;
    if (availheap->min_bitwidth || availheap->max_bitwidth)
        return -EOPNOTSUPP;
    availheap->avail_bytes = frames_free() << PAGE_SHIFT;
    return 0;
}

long hc_sysctl_cputopoinfo(struct xen_sysctl_cputopoinfo *cputopoinfo)
{
    guest_ptr_t list = guest_ptr(cputopoinfo->cputopo);
    uint32_t nr = machine_nr_cpus();

    if (list.va)
        nr = MIN(nr, cputopoinfo->num_cpus);
    for (uint32_t cpu = 0; list.va && cpu < nr; cpu++) {
        struct xen_sysctl_cputopo info = { .core = cpu };

        if (copy_to_guest(guest_ptr_at(list, cpu, sizeof(info)), &info, sizeof(info)))
            return -EFAULT;
    }
    cputopoinfo->num_cpus = nr;
    return 0;
}

long hc_sysctl_numainfo(struct xen_sysctl_numainfo *numainfo)
{
    struct xen_sysctl_meminfo info = { frames_total() << PAGE_SHIFT, frames_free() << PAGE_SHIFT };
    uint32_t distance = DISTANCE_LOCAL;
    bool has_lists = numainfo->meminfo || numainfo->distance;

    if (!has_lists || numainfo->num_nodes) {
        numainfo->num_nodes = 1;
        if (numainfo->meminfo && copy_to_guest(guest_ptr(numainfo->meminfo), &info, sizeof(info)))
            return -EFAULT;
        if (numainfo->distance &&
            copy_to_guest(guest_ptr(numainfo->distance), &distance, sizeof(distance)))
            return -EFAULT;
    }
    return 0;
}

/* ---- the scheduler ---- */

long hc_sysctl_cpupool_op(struct xen_sysctl_cpupool_op *op)
{
    switch (op->op) {
    case XEN_SYSCTL_CPUPOOL_OP_INFO: /* of the first from a number upward */
        if (op->cpupool_id)
            return -ENOENT;
        op->sched_id = XEN_SCHEDULER_CREDIT2;
        op->n_dom = 0;
        for_each_domain(d)
            op->n_dom++;
        return bitmap_write(&op->cpumap, sched_cpus_up());
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
        return bitmap_write(&op->cpumap, 0);
    default:
        return -EOPNOTSUPP;
    }
}

long hc_sysctl_scheduler_op(struct xen_sysctl_scheduler_op *op)
{
    if (op->cpupool_id || op->sched_id != XEN_SCHEDULER_CREDIT2)
        return -EINVAL;
    if (op->cmd != XEN_SYSCTL_SCHEDOP_getinfo)
        return -EOPNOTSUPP;
    op->u.sched_credit2.ratelimit_us = 0;
    return 0;
}
