/* SPDX-License-Identifier: MIT */
/*
 * domctl and sysctl: what tools ask of domains and of the machine. Only dom0 gets here; the
 * dispatch has found the domain and checked the interface version.
 */
#include "core/console.h"
#include "core/sched.h"
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "mm/guest.h"
#include "sys/log.h"

#define KEYS_MAX       256 /* a longer list is no typing */
#define LOG_PART_BYTES 256

/* ---- domains ---- */

long hc_domctl_pausedomain(struct domain *d)
{
    if (d == current->domain)
        return -EINVAL; /* nobody could end that */
    domain_pause(d);
    return 0;
}

long hc_domctl_unpausedomain(struct domain *d)
{
    if (d == current->domain || !READ_ONCE(d->pause_count))
        return -EINVAL;
    domain_unpause(d);
    return 0;
}

/* Sum over the vCPUs: time, how many are up, and what they are doing. */
static void vcpus_describe(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    bool is_blocked = true;

    for (unsigned id = 0; id < d->vcpus_max; id++) {
        struct vcpu_runstate_info state;

        if (!d->vcpu[id])
            continue;
        info->max_vcpu_id = id;
        sched_runstate(d->vcpu[id], &state);
        info->cpu_time += state.time[RUNSTATE_running];
        if (vcpu_is_down(d->vcpu[id]))
            continue;
        info->nr_online_vcpus++;
        if (state.state == RUNSTATE_running)
            info->flags |= XEN_DOMINF_running;
        is_blocked &= state.state == RUNSTATE_blocked;
    }
    if (info->nr_online_vcpus && is_blocked)
        info->flags |= XEN_DOMINF_blocked;
}

static uint32_t domain_flags(const struct domain *d)
{
    uint32_t flags = 0;

    if (READ_ONCE(d->is_dying))
        flags |= XEN_DOMINF_dying;
    if (READ_ONCE(d->pause_count))
        flags |= XEN_DOMINF_paused;
    if (READ_ONCE(d->is_shut_down))
        flags |= XEN_DOMINF_shutdown | (uint32_t)d->shutdown_code << XEN_DOMINF_shutdownshift;
    return flags;
}

static void domain_describe(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    __builtin_memset(info, 0, sizeof(*info));
    info->domain = d->id;
    info->flags = domain_flags(d);
    info->tot_pages = READ_ONCE(d->mm.nr_frames);
    info->max_pages = READ_ONCE(d->mm.frames_max);
    info->shared_info_frame = machine_maddr(d->shared) >> PAGE_SHIFT;
    info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
    info->gpaddr_bits = (uint8_t)machine_maddr_bits();
    __builtin_memcpy(info->handle, d->uuid, sizeof(info->handle));
    vcpus_describe(d, info);
}

long hc_domctl_getdomaininfo(struct domain *d, struct xen_domctl_getdomaininfo *getdomaininfo)
{
    domain_describe(d, getdomaininfo);
    return 0;
}

/* First domain with a number of at least `id`. */
static struct domain *domain_from(domid_t id)
{
    struct domain *d = domain_get(id);

    return d ? d : domain_next(id);
}

/* Bounded by the number of domains. */
long hc_sysctl_getdomaininfolist(struct xen_sysctl_getdomaininfolist *getdomaininfolist)
{
    guest_ptr_t list = guest_ptr(getdomaininfolist->buffer);
    struct domain *d = domain_from(getdomaininfolist->first_domain);
    uint32_t nr = 0;
    int ret = 0;

    while (d && nr < getdomaininfolist->max_domains && ret == 0) {
        struct xen_domctl_getdomaininfo info;
        domid_t id = d->id;

        domain_describe(d, &info);
        ret = copy_to_guest(guest_ptr_at(list, nr, sizeof(info)), &info, sizeof(info));
        nr++;
        domain_put(d);
        d = domain_next(id);
    }
    if (d)
        domain_put(d);
    getdomaininfolist->num_domains = nr;
    return ret;
}

/* ---- the machine ---- */

/* Feature words in the order that tools compare processor models by. */
static void features_describe(uint32_t word[8])
{
    uint32_t basic[4], extended[4], xsave[4], structured[4], power[4];

    machine_cpuid(1, 0, basic);
    machine_cpuid(0x80000001, 0, extended);
    machine_cpuid(0xd, 1, xsave);
    machine_cpuid(7, 0, structured);
    machine_cpuid(0x80000007, 0, power);
    word[0] = basic[3];
    word[1] = basic[2];
    word[2] = extended[3];
    word[3] = extended[2];
    word[4] = xsave[0];
    word[5] = structured[1];
    word[6] = structured[2];
    word[7] = power[3];
}

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
    features_describe(physinfo->hw_cap);
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
