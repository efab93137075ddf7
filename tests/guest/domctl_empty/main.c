/* SPDX-License-Identifier: MIT */
/*
 * Rows of domctl on a domain that has no vCPU and no frame yet: its properties are kept and told
 * back, what needs a vCPU or a frame is refused, and it is destroyed without remains.
 */
#include "check.h"
#include "public/domctl.h"

static domid_t id;

static void properties(void)
{
    struct xen_domctl_setdomainhandle handle = { { 1, 2, 3, 4, 5, 6, 7, 8 } };
    struct xen_domctl_max_mem limit = { 4096 };
    struct xen_domctl_settimeoffset offset = { 3600 };
    struct xen_domctl_tsc_info tsc = { 0 };
    struct xen_domctl_address_size width = { 0 };
    struct xen_domctl_getdomaininfo info;

    CHECK(hypercall_domctl_setdomainhandle(id, &handle), 0);
    CHECK(hypercall_domctl_max_mem(id, &limit), 0);
    CHECK(hypercall_domctl_settimeoffset(id, &offset), 0);
    CHECK(hypercall_domctl_gettscinfo(id, &tsc), 0);
    tsc.tsc_mode = 4711;
    CHECK(hypercall_domctl_settscinfo(id, &tsc) <= 0, 1);
    CHECK(hypercall_domctl_get_address_size(id, &width), 0);
    CHECK(width.size, 64);
    CHECK(hypercall_domctl_getdomaininfo(id, &info), 0);
    CHECK(info.domain, id);
    CHECK(info.handle[3], 4);
    CHECK(info.max_pages, 1024);
    CHECK(info.tot_pages, 0);
    CHECK(info.flags & XEN_DOMINF_paused, XEN_DOMINF_paused);
}

static void nodes(void)
{
    uint64_t map = 0;
    struct xen_domctl_nodeaffinity op = { .nodemap = { (uint64_t)&map, 64 } };

    CHECK(hypercall_domctl_getnodeaffinity(id, &op), 0);
    CHECK(map & 1, 1);
    map = 1;
    CHECK(hypercall_domctl_setnodeaffinity(id, &op), 0);
    map = 0;
    CHECK(hypercall_domctl_setnodeaffinity(id, &op) < 0, 1);
}

/* Rights and modes for what is not there or not offered. */
static void impossible(void)
{
    struct xen_domctl_shadow_op shadow = { .op = 4711 };
    struct xen_domctl_irq_permission irq = { .pirq = 4711, .allow_access = 1 };
    struct xen_domctl_iomem_permission memory = { .first_mfn = ~0UL, .nr_mfns = 2 };
    struct xen_domctl_ioport_permission ports = { .first_port = 65535, .nr_ports = 2 };
    struct xen_domctl_set_target target = { 4711 };
    struct xen_domctl_set_virq_handler handler = { VIRQ_TIMER };
    struct xen_domctl_setdebugging debugging = { 1 };

    CHECK(hypercall_domctl_shadow_op(id, &shadow) < 0, 1);
    CHECK(hypercall_domctl_irq_permission(id, &irq) < 0, 1);
    CHECK(hypercall_domctl_iomem_permission(id, &memory) < 0, 1);
    CHECK(hypercall_domctl_ioport_permission(id, &ports) < 0, 1);
    CHECK(hypercall_domctl_set_target(id, &target) < 0, 1);
    CHECK(hypercall_domctl_set_virq_handler(id, &handler) < 0, 1);
    CHECK(hypercall_domctl_setdebugging(id, &debugging) <= 0, 1);
    CHECK(hypercall_domctl_resumedomain(id) <= 0, 1);
}

/* What the domain will see of the processor, with and without room for it. */
static void policies(void)
{
    static uint64_t leaves[2048], msrs[64];
    struct xen_domctl_cpu_policy op = { 0 };
    uint32_t nr;

    CHECK(hypercall_domctl_get_cpu_policy(id, &op), 0);
    CHECK(op.nr_leaves > 8 && op.nr_leaves < 512, 1);
    nr = op.nr_leaves;
    op.leaves = (uint64_t)leaves;
    op.msrs = (uint64_t)msrs;
    op.nr_leaves = 1;
    leaves[3] = 0x5a5a; /* behind the first one */
    CHECK(hypercall_domctl_get_cpu_policy(id, &op), -XEN_ENOBUFS);
    CHECK(leaves[3], 0x5a5a);
    op.nr_leaves = nr;
    op.nr_msrs = 0;
    ((uint32_t *)leaves)[0] = 0x40001234; /* a leaf that cannot be set */
    CHECK(hypercall_domctl_set_cpu_policy(id, &op) < 0, 1);
}

static void missing(void)
{
    struct xen_domctl_sendtrigger trigger = { .trigger = XEN_DOMCTL_SENDTRIGGER_NMI, .vcpu = 0 };
    struct xen_domctl_hypercall_init init = { 1UL << 40 };
    struct xen_domctl_getvcpuinfo vcpu = { 0 };
    struct xen_domctl_vcpuextstate state = { .vcpu = 3 };
    struct xen_domctl_vcpu_msrs msrs = { .vcpu = 3 };
    struct xen_domctl_ext_vcpucontext context = { .vcpu = 3 };

    CHECK(hypercall_domctl_sendtrigger(id, &trigger) < 0, 1);
    CHECK(hypercall_domctl_hypercall_init(id, &init) < 0, 1);
    CHECK(hypercall_domctl_getvcpuinfo(id, &vcpu) < 0, 1);
    CHECK(hypercall_domctl_getvcpuextstate(id, &state) < 0, 1);
    CHECK(hypercall_domctl_setvcpuextstate(id, &state) < 0, 1);
    CHECK(hypercall_domctl_get_vcpu_msrs(id, &msrs) < 0, 1);
    CHECK(hypercall_domctl_set_vcpu_msrs(id, &msrs) < 0, 1);
    CHECK(hypercall_domctl_get_ext_vcpucontext(id, &context) < 0, 1);
    CHECK(hypercall_domctl_set_ext_vcpucontext(id, &context) < 0, 1);
}

void test_main(void)
{
    struct xen_domctl_createdomain config = { .max_vcpus = 1,
                                              .max_evtchn_port = 1023,
                                              .max_grant_frames = 64,
                                              .max_maptrack_frames = 64,
                                              .grant_opts = 1,
                                              .handle = { 9 } };
    struct xen_domctl_getdomaininfo info;
    uint64_t end;

    test_needs_dom0();
    NEED(event_init());
    NEED(hypercall_domctl_createdomain(&id, &config));
    CHECK(id != 0, 1);
    properties();
    nodes();
    missing();
    impossible();
    policies();
    CHECK(hypercall_domctl_destroydomain(id), 0);
    for (end = test_now() + 20000000000UL; test_now() < end;)
        if (hypercall_domctl_getdomaininfo(id, &info) || info.domain != id)
            break;
    CHECK(test_now() < end, 1);
}
