/* SPDX-License-Identifier: MIT */
/*
 * domctl on a domain as a whole: its creation, its description, its share. Only dom0 gets here; the
 * dispatch has found the domain, claimed it for this operation, and checked the interface version.
 */
#include "core/sched.h"
#include "hypercall/bitmap.h"
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "mm/guest.h"
#include "mm/page.h"

#define MAPTRACK_PER_FRAME 256    /* ABI: handles that a tool counts as one frame */
#define CAP_UNCHANGED      0xffff /* ABI */
#define TSC_DEFAULT        0 /* ABI */
#define TSC_NATIVE         2 /* ABI */
#define PAGE_INFOS_MAX     1024   /* ABI */

/* ---- creation ---- */

static int config_check(const struct xen_domctl_createdomain *config)
{
    uint32_t grant_version = config->grant_opts & XEN_DOMCTL_GRANT_version_mask;

    if (config->flags || config->iommu_opts || config->vmtrace_size || config->cpupool_id)
        return -EINVAL;
    if (config->arch.emulation_flags || (config->arch.misc_flags & ~XEN_X86_MSR_RELAXED))
        return -EINVAL;
    /* A domain that may use version 2 is told when it asks that there is only 1. */
    if (config->grant_opts != grant_version || !grant_version || grant_version > 2)
        return -EINVAL;
    if (!config->max_grant_frames || config->max_grant_frames > GRANT_FRAMES_MAX)
        return -EINVAL;
    return 0;
}

/* Negative numbers ask for the defaults. */
static struct domain_config config_read(const struct xen_domctl_createdomain *given)
{
    struct domain_config config = domain_config_default(given->max_vcpus);

    config.evtchns_max = MIN(given->max_evtchn_port, EVTCHNS_MAX - 1u) + 1;
    if (given->max_grant_frames > 0)
        config.grant_frames_max = (unsigned)given->max_grant_frames;
    if (given->max_maptrack_frames >= 0)
        config.maptrack_max =
            MIN((unsigned)given->max_maptrack_frames, MAPTRACK_MAX / MAPTRACK_PER_FRAME) *
            MAPTRACK_PER_FRAME;
    config.msr_relaxed = given->arch.misc_flags & XEN_X86_MSR_RELAXED;
    __builtin_memcpy(config.uuid, given->handle, sizeof(config.uuid));
    return config;
}

long hc_domctl_createdomain(domid_t *domain, struct xen_domctl_createdomain *createdomain)
{
    bool is_given = *domain && *domain < DOMID_FIRST_RESERVED;
    struct domain_config config = config_read(createdomain);
    struct domain *d;
    int ret = config_check(createdomain);

    if (ret == 0)
        ret = domain_create_claimed(is_given ? *domain : DOMID_INVALID, &config, false, &d);
    if (ret)
        return ret;
    *domain = d->id;
    domain_release(d);
    return 0;
}

/* What exists already stays: a call that ran out of memory can be made again. */
long hc_domctl_max_vcpus(struct domain *d, struct xen_domctl_max_vcpus *max_vcpus)
{
    struct vcpu *v;
    int ret = 0;

    if (max_vcpus->max != d->vcpus_max)
        return -EINVAL;
    for (unsigned id = 0; id < d->vcpus_max && ret == 0; id++)
        if (!d->vcpu[id])
            ret = vcpu_create(d, id, &v);
    return ret;
}

long hc_domctl_unpausedomain(struct domain *d)
{
    if (!READ_ONCE(d->pause_count))
        return -EINVAL;
    domain_unpause(d);
    return 0;
}

/* ---- description ---- */

/* Sum over the vCPUs: time, how many are up, and what they are doing. */
static void vcpus_describe(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    bool is_blocked = true;

    for_each_vcpu(d, v) {
        struct vcpu_runstate_info state;

        info->max_vcpu_id = v->id;
        sched_runstate(v, &state);
        info->cpu_time += state.time[RUNSTATE_running];
        if (vcpu_is_down(v))
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
    info->shared_info_frame = mfn_x(shared_frame(d->shared));
    info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
    info->gpaddr_bits = (uint8_t)machine_maddr_bits();
    __builtin_memcpy(info->handle, d->uuid, sizeof(info->handle));
    vcpus_describe(d, info);
}

/* First domain with a number of at least `id`. */
static struct domain *domain_from(domid_t id)
{
    struct domain *d = domain_get(id);

    return d || id >= DOMID_FIRST_RESERVED ? d : domain_next(id);
}

long hc_domctl_getdomaininfo(domid_t *domain, struct xen_domctl_getdomaininfo *getdomaininfo)
{
    struct domain *d = domain_from(*domain);

    if (!d)
        return *domain >= DOMID_FIRST_RESERVED ? -EINVAL : -ESRCH;
    domain_describe(d, getdomaininfo);
    *domain = d->id;
    domain_put(d);
    return 0;
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

/* ---- parameters ---- */

long hc_domctl_scheduler_op(struct domain *d, struct xen_domctl_scheduler_op *op)
{
    struct xen_domctl_sched_credit2 *share = &op->u.credit2;

    if (op->sched_id != XEN_SCHEDULER_CREDIT2)
        return -EINVAL;
    switch (op->cmd) {
    case XEN_DOMCTL_SCHEDOP_putinfo:
        if (share->weight)
            WRITE_ONCE(d->weight, share->weight);
        if (share->cap != CAP_UNCHANGED)
            WRITE_ONCE(d->cap, share->cap);
        return 0;
    case XEN_DOMCTL_SCHEDOP_getinfo:
        share->weight = d->weight;
        share->cap = d->cap;
        return 0;
    default:
        return -EOPNOTSUPP;
    }
}

long hc_domctl_gettscinfo(struct domain *d, struct xen_domctl_tsc_info *tsc_info)
{
    (void)d;
    *tsc_info = (struct xen_domctl_tsc_info){ .tsc_mode = TSC_NATIVE,
                                              .gtsc_khz = (uint32_t)machine_tsc_khz(),
                                              .elapsed_nsec = machine_now_ns() };
    return 0;
}

long hc_domctl_settscinfo(struct domain *d, struct xen_domctl_tsc_info *tsc_info)
{
    (void)d;
    return tsc_info->tsc_mode == TSC_DEFAULT ||
                   tsc_info->tsc_mode == TSC_NATIVE
               ? 0
               : -EOPNOTSUPP;
}

long hc_domctl_setnodeaffinity(struct domain *d, struct xen_domctl_nodeaffinity *nodeaffinity)
{
    uint64_t nodes;

    (void)d;
    if (bitmap_read(&nodeaffinity->nodemap, &nodes))
        return -EFAULT;
    return nodes & 1 ? 0 : -EINVAL;
}

/* ---- frames ---- */

static uint64_t frame_info(struct domain *d, mfn_t mfn)
{
    static const uint32_t table[] = { [PT_L1] = XEN_DOMCTL_PFINFO_L1TAB,
                                      [PT_L2] = XEN_DOMCTL_PFINFO_L2TAB,
                                      [PT_L3] = XEN_DOMCTL_PFINFO_L3TAB,
                                      [PT_L4] = XEN_DOMCTL_PFINFO_L4TAB };
    const struct page *page = mfn_valid(mfn) ? page_of(mfn) : NULL;

    if (!page || READ_ONCE(page->owner) != d->mm.slot || (page->flags & PAGE_SHARED))
        return XEN_DOMCTL_PFINFO_XTAB;
    if (!page->type_refs || page->type < PT_L1 || page->type > PT_L4)
        return XEN_DOMCTL_PFINFO_NOTAB;
    return table[page->type] | (page->flags & PAGE_PINNED ? XEN_DOMCTL_PFINFO_LPINTAB : 0);
}

long hc_domctl_getpageframeinfo3(struct domain *d, struct xen_domctl_getpageframeinfo3 *op)
{
    uint64_t part[BATCH_PREEMPT];

    if (op->num > PAGE_INFOS_MAX)
        return -E2BIG;
    for (uint64_t done = 0; done < op->num; done += ARRAY_SIZE(part)) {
        guest_ptr_t at = guest_ptr_at(guest_ptr(op->array), done, sizeof(part[0]));
        uint64_t nr = MIN(op->num - done, (uint64_t)ARRAY_SIZE(part));

        if (copy_from_guest(part, at, nr * sizeof(part[0])))
            return -EFAULT;
        mm_lock(&d->mm);
        for (uint64_t i = 0; i < nr; i++)
            part[i] = frame_info(d, _mfn(part[i]));
        mm_unlock(&d->mm);
        if (copy_to_guest(at, part, nr * sizeof(part[0])))
            return -EFAULT;
    }
    return 0;
}
