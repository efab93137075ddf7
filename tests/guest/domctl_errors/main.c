/* SPDX-License-Identifier: MIT */
/*
 * What tools may not ask of domains and of the machine: domains that do not exist, kinds that there
 * are none of, numbers out of bounds, oneself. Nothing of it changes anything.
 */
#include "check.h"
#include "public/domctl.h"
#include "public/memory.h"
#include "public/sysctl.h"

#define NOBODY 77

static struct xen_domctl_createdomain good(void)
{
    return (struct xen_domctl_createdomain){ .max_vcpus = 1, .max_evtchn_port = 1023,
                                             .max_grant_frames = -1, .max_maptrack_frames = -1,
                                             .grant_opts = 2 };
}

#define REFUSE_CONFIG(change)                                                                \
    do {                                                                                     \
        struct xen_domctl_createdomain config = good();                                      \
        domid_t id = 0;                                                                      \
        change;                                                                              \
        CHECK(hypercall_domctl_createdomain(&id, &config) < 0, 1);                           \
        CHECK(id, 0);                                                                        \
    } while (0)

static void create(void)
{
    REFUSE_CONFIG(config.flags = 1u << 31);
    REFUSE_CONFIG(config.flags = XEN_DOMCTL_CDF_hap);
    REFUSE_CONFIG(config.arch.emulation_flags = 1);
    REFUSE_CONFIG(config.arch.misc_flags = 1u << 31);
    REFUSE_CONFIG(config.grant_opts = 0x100);
    REFUSE_CONFIG(config.max_vcpus = 0);
    REFUSE_CONFIG(config.max_vcpus = ~0U);
    REFUSE_CONFIG(config.max_grant_frames = 0);
    REFUSE_CONFIG(config.cpupool_id = 5);
}

/* Each row that names a domain. */
static void nobody(void)
{
    struct xen_domctl_getdomaininfo info;
    struct xen_domctl_max_vcpus vcpus = { 1 };
    struct xen_domctl_max_mem mem = { 1024 };
    struct xen_domctl_vcpucontext context = { 0 };
    struct xen_domctl_getvcpuinfo vcpu = { 0 };
    struct xen_domctl_scheduler_op share = { .sched_id = XEN_SCHEDULER_CREDIT2, .cmd = 1 };
    struct xen_memory_domain who = { .domid = NOBODY };
    struct xen_mem_acquire_resource grants = { .domid = NOBODY };

    CHECK(hypercall_domctl_destroydomain(NOBODY), -XEN_ESRCH);
    CHECK(hypercall_domctl_pausedomain(NOBODY), -XEN_ESRCH);
    CHECK(hypercall_domctl_unpausedomain(NOBODY), -XEN_ESRCH);
    CHECK(hypercall_domctl_getdomaininfo(NOBODY, &info), -XEN_ESRCH);
    CHECK(hypercall_domctl_max_vcpus(NOBODY, &vcpus), -XEN_ESRCH);
    CHECK(hypercall_domctl_max_mem(NOBODY, &mem), -XEN_ESRCH);
    CHECK(hypercall_domctl_setvcpucontext(NOBODY, &context), -XEN_ESRCH);
    CHECK(hypercall_domctl_getvcpucontext(NOBODY, &context), -XEN_ESRCH);
    CHECK(hypercall_domctl_getvcpuinfo(NOBODY, &vcpu), -XEN_ESRCH);
    CHECK(hypercall_domctl_scheduler_op(NOBODY, &share), -XEN_ESRCH);
    CHECK(hypercall_domctl_getdomaininfo(DOMID_SELF, &info), -XEN_EINVAL);
    CHECK(hypercall_memory_maximum_reservation(&who), -XEN_ESRCH);
    CHECK(hypercall_memory_acquire_resource(&grants), -XEN_ESRCH);
}

static void oneself(void)
{
    struct xen_domctl_vcpucontext context = { 0 };

    CHECK(hypercall_domctl_destroydomain(0) < 0, 1);
    CHECK(hypercall_domctl_pausedomain(0), -XEN_EINVAL);
    CHECK(hypercall_domctl_setvcpucontext(0, &context) < 0, 1);
}

static void numbers(void)
{
    struct xen_domctl_getvcpuinfo vcpu = { .vcpu = 8000 };
    struct xen_domctl_vcpuaffinity affinity = { .vcpu = 8000, .flags = XEN_VCPUAFFINITY_HARD };
    uint8_t none = 0;
    struct xen_domctl_scheduler_op share = { .sched_id = 99 };
    struct xen_domctl_address_size size = { 17 };
    static uint64_t frames[1025];
    struct xen_domctl_getpageframeinfo3 types = { .num = 1025, .array = (uint64_t)frames };

    CHECK(hypercall_domctl_getvcpuinfo(0, &vcpu), -XEN_EINVAL);
    CHECK(hypercall_domctl_getvcpuaffinity(0, &affinity), -XEN_EINVAL);
    affinity.vcpu = 0;
    affinity.cpumap_hard = (struct xenctl_bitmap){ (uint64_t)&none, 8 };
    CHECK(hypercall_domctl_setvcpuaffinity(0, &affinity), -XEN_EINVAL);
    affinity.cpumap_hard.bitmap = 0xffff830000000000;
    CHECK(hypercall_domctl_setvcpuaffinity(0, &affinity), -XEN_EFAULT);
    CHECK(hypercall_domctl_scheduler_op(0, &share) < 0, 1);
    CHECK(hypercall_domctl_set_address_size(0, &size) < 0, 1);
    CHECK(hypercall_domctl_getpageframeinfo3(0, &types), -XEN_E2BIG);
    types.num = 2;
    frames[0] = virt_to_mfn(pte_of(frames, 1));
    frames[1] = virt_to_mfn(frames);
    CHECK(hypercall_domctl_getpageframeinfo3(0, &types), 0);
    CHECK(frames[0] & XEN_DOMCTL_PFINFO_LTABTYPE_MASK, XEN_DOMCTL_PFINFO_L1TAB);
    CHECK(frames[1], XEN_DOMCTL_PFINFO_NOTAB);
}

static void machine(void)
{
    struct xen_sysctl_cputopoinfo topology = { 0 };
    struct xen_sysctl_sched_id scheduler;
    struct xen_sysctl_cpupool_op pool = { .op = XEN_SYSCTL_CPUPOOL_OP_INFO, .cpupool_id = 1 };
    struct xen_sysctl_getdomaininfolist list = { .max_domains = 1 };
    struct xen_domctl_getdomaininfo info;

    CHECK(hypercall_sysctl_cputopoinfo(&topology), 0);
    CHECK(topology.num_cpus > 0, 1);
    CHECK(hypercall_sysctl_sched_id(&scheduler), 0);
    CHECK(scheduler.sched_id, XEN_SCHEDULER_CREDIT2);
    CHECK(hypercall_sysctl_cpupool_op(&pool), -XEN_ENOENT);
    list.buffer = (uint64_t)&info;
    CHECK(hypercall_sysctl_getdomaininfolist(&list), 0);
    CHECK(list.num_domains, 1);
    list.first_domain = 1;
    CHECK(hypercall_sysctl_getdomaininfolist(&list), 0);
    CHECK(list.num_domains, 0);
}

void test_main(void)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getdomaininfo, .interface_version = 0x14 };

    test_needs_dom0();
    CHECK(_hypercall1(__HYPERVISOR_domctl, (unsigned long)&op), -XEN_EACCES);
    CHECK(_hypercall1(__HYPERVISOR_domctl, 0xffff830000000000), -XEN_EFAULT);
    op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op.cmd = 0xfff;
    CHECK(_hypercall1(__HYPERVISOR_domctl, (unsigned long)&op), -XEN_ENOSYS);
    create();
    nobody();
    oneself();
    numbers();
    machine();
}
