/* SPDX-License-Identifier: MIT */
/*
 * What sysctl tells of the machine: never more than there is room for, consistent with itself, and
 * nothing to others than dom0.
 */
#include "check.h"
#include "public/sysctl.h"

static uint64_t room[512] PAGE;

static void memory(void)
{
    struct xen_sysctl_physinfo info;
    struct xen_sysctl_availheap heap = { .node = -1 };

    CHECK(hypercall_sysctl_physinfo(&info), 0);
    CHECK(info.free_pages <= info.total_pages, 1);
    CHECK(info.max_mfn >= info.total_pages - 1, 1);
    CHECK(info.nr_nodes, 1);
    CHECK(info.capabilities & XEN_SYSCTL_PHYSCAP_pv, XEN_SYSCTL_PHYSCAP_pv);
    CHECK(hypercall_sysctl_availheap(&heap), 0);
    CHECK(heap.avail_bytes >> PAGE_SHIFT <= info.total_pages, 1);
    heap.node = 4711;
    CHECK(hypercall_sysctl_availheap(&heap) < 0 || heap.avail_bytes == 0, 1);
}

static void processors(void)
{
    struct xen_sysctl_getcpuinfo idle = { .max_cpus = 1, .info = (uint64_t)room };
    struct xen_sysctl_numainfo nodes = { .num_nodes = 0 };
    struct xen_sysctl_cpu_featureset features = { .index = XEN_SYSCTL_cpu_featureset_pv };
    struct xen_sysctl_cpu_policy policy = { .index = 99 };
    struct xen_sysctl_cpu_levelling_caps levelling;
    struct xen_sysctl_pcitopoinfo devices = { .num_devs = 1, .devs = 0xffff830000000000UL };
    uint32_t words;

    room[1] = 0x5a5a;
    CHECK(hypercall_sysctl_getcpuinfo(&idle), 0);
    CHECK(idle.nr_cpus, 1);
    CHECK(room[1], 0x5a5a);
    CHECK(hypercall_sysctl_numainfo(&nodes), 0);
    CHECK(nodes.num_nodes >= 1, 1);
    CHECK(hypercall_sysctl_get_cpu_featureset(&features), 0);
    CHECK(features.nr_features > 4 && features.nr_features < 256, 1);
    words = features.nr_features;
    features.features = (uint64_t)room;
    CHECK(hypercall_sysctl_get_cpu_featureset(&features), 0);
    CHECK(features.nr_features, words);
    ((uint32_t *)room)[2] = 0x5a5a;
    features.nr_features = 2;
    CHECK(hypercall_sysctl_get_cpu_featureset(&features), -XEN_ENOBUFS);
    CHECK(((uint32_t *)room)[2], 0x5a5a);
    features.index = 4711;
    CHECK(hypercall_sysctl_get_cpu_featureset(&features), -XEN_EINVAL);
    CHECK(hypercall_sysctl_get_cpu_policy(&policy), -XEN_EINVAL);
    CHECK(hypercall_sysctl_get_cpu_levelling_caps(&levelling), 0);
    CHECK(hypercall_sysctl_pcitopoinfo(&devices) < 0, 1);
}

static void console(void)
{
    struct xen_sysctl_readconsole log = { .buffer = (uint64_t)room, .count = 16 };
    struct xen_sysctl_debug_keys keys = { .keys = 0xffff830000000000UL, .nr_keys = 1 };
    struct xen_sysctl_scheduler_op scheduler = { .cpupool_id = 4711, .cmd = 1 };

    room[2] = 0x5a5a;
    CHECK(hypercall_sysctl_readconsole(&log), 0);
    CHECK(log.count <= 16, 1);
    CHECK(room[2], 0x5a5a);
    log.buffer = 0xffff830000000000UL;
    log.count = 16;
    log.index = 0;
    CHECK(hypercall_sysctl_readconsole(&log) < 0, 1);
    CHECK(hypercall_sysctl_debug_keys(&keys), -XEN_EFAULT);
    CHECK(hypercall_sysctl_scheduler_op(&scheduler) < 0, 1);
}

void test_main(void)
{
    test_needs_dom0();
    memory();
    processors();
    console();
}
