/* SPDX-License-Identifier: MIT */
/*
 * domctl and sysctl handlers: what tools may ask for and what they may not, and that each answer is
 * defined to the last byte and no longer than its list. The layers below are stand-ins that record.
 */
#include "../suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/console.h"
#include "core/domain.h"
#include "core/sched.h"
#include "hypercall/bitmap.h"
#include "hypercall_direct.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "pv/guest_cpu.h"
#include "sys/log.h"

static struct domain own, other;
static struct vcpu vcpu0, vcpu1;
struct vcpu *percpu_current_vcpu;
struct domain *control_domain = &own;

static struct {
    unsigned calls, pauses;
    int answer; /* of what is called below */
    char text[4096];
    size_t text_bytes;
    unsigned refs, made, first; /* lowest number in use */
    domid_t asked;
    struct domain_config config; /* asked for */
    unsigned keys;
} world;

/* ---- stand-ins ---- */

struct domain *domain_get(domid_t id)
{
    if (id > 1 || id < world.first)
        return NULL;
    world.refs++;
    return id ? &other : &own;
}
struct domain *domain_next(domid_t after)
{
    if (after >= DOMID_FIRST_RESERVED)
        return domain_get(0);
    return after < 1 ? domain_get((domid_t)(after + 1)) : NULL;
}
struct domain *domain_after(struct domain *d)
{
    domain_put(d);
    return domain_next(d->id);
}
void domain_put(struct domain *d)
{
    (void)d;
    world.refs--;
}
struct domain_config domain_config_default(unsigned vcpus_max)
{
    return (struct domain_config){ .vcpus_max = vcpus_max,
                                   .evtchns_max = EVTCHNS_MAX,
                                   .grant_frames_max = GRANT_FRAMES_MAX,
                                   .maptrack_max = MAPTRACK_MAX };
}
int domain_create_claimed(domid_t id, const struct domain_config *config, bool is_control,
                          struct domain **out)
{
    ck_assert(!is_control);
    world.asked = id;
    world.config = *config;
    world.calls++;
    if (config->vcpus_max < 1 || config->vcpus_max > VCPUS_MAX)
        return -EINVAL;
    other.vcpus_max = config->vcpus_max;
    *out = &other;
    world.refs += !world.answer;
    return world.answer;
}
int vcpu_create(struct domain *d, unsigned id, struct vcpu **out)
{
    ck_assert_ptr_null(d->vcpu[id]);
    if (world.answer && world.made == 1)
        return world.answer;
    *out = d->vcpu[id] = &vcpu1;
    world.made++;
    return 0;
}
void domain_pause(struct domain *d)
{
    ck_assert_ptr_eq(d, &other);
    world.pauses++;
    d->pause_count++;
}
void domain_unpause(struct domain *d)
{
    d->pause_count--;
}
int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *context)
{
    (void)context;
    ck_assert(lock_none_held());
    ck_assert_uint_ge(v->domain->pause_count, 1);
    return world.answer;
}
void vcpu_get_context(const struct vcpu *v, struct vcpu_guest_context *context)
{
    ck_assert_uint_ge(v->domain->pause_count, 1);
    memset(context, 0, sizeof(*context));
    context->flags = 0x77;
}
void vcpu_pause_nosync(struct vcpu *v, uint32_t why)
{
    v->paused |= why;
}
void vcpu_unpause(struct vcpu *v, uint32_t why)
{
    v->paused &= ~why;
}
size_t log_read(char *dst, size_t n, uint32_t *index)
{
    size_t left = world.text_bytes - *index, copied = MIN(left, n);

    memcpy(dst, world.text + *index, copied);
    *index += (uint32_t)copied;
    return copied;
}
void log_clear(void)
{
    world.text_bytes = 0;
}
void console_debug_key(uint8_t key)
{
    world.keys++;
    world.asked = key;
}
void sched_runstate(const struct vcpu *v, struct vcpu_runstate_info *out)
{
    out->state = v->id ? RUNSTATE_offline : RUNSTATE_running;
    out->state_entry_time = 5;
    for (unsigned i = 0; i < 4; i++)
        out->time[i] = 100 + i;
    out->time[RUNSTATE_running] = 200;
}
uint64_t sched_cpus_up(void)
{
    return 3;
}
uint64_t sched_idle_ns(unsigned cpu)
{
    return 1000 + cpu;
}
int sched_set_affinity(struct vcpu *v, uint64_t cpus, uint64_t preferred)
{
    if (!(cpus & 3))
        return -EINVAL;
    v->affinity = cpus;
    v->preferred = preferred;
    return 0;
}
/* Leaf and subleaf in the answer; features of a domU are half of dom0's. */
void cpuid_policy(const struct domain *d, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    memset(out, 0, 4 * sizeof(out[0]));
    if (leaf == 0 || leaf == 0x80000000)
        out[0] = leaf + 8;
    else if (sub <= 1)
        out[0] = out[1] = out[2] = out[3] = d ? 0xff : 0x0f;
}

/* ---- set-up ---- */

static void set_up(void)
{
    memset(&world, 0, sizeof(world));
    memset(&own, 0, sizeof(own));
    memset(&other, 0, sizeof(other));
    memset(&vcpu0, 0, sizeof(vcpu0));
    memset(&vcpu1, 0, sizeof(vcpu1));
    host_reset();
    frames_init(HOST_FRAMES_MAX * PAGE_SIZE, host_take);
    frames_add(16 * PAGE_SIZE, host_ram_end());
    host.nr_cpus = 2;
    own.is_control = true;
    own.shared = other.shared = machine_map(_mfn(20));
    other.id = other.mm.slot = 1;
    own.vcpus_max = 1;
    own.vcpu[0] = &vcpu0;
    vcpu0.domain = &own;
    vcpu1.domain = &other;
    vcpu1.paused = VCPU_PAUSED_DOWN;
    percpu_current_vcpu = &vcpu0;
    lock_init(&own.lock, LOCK_DOMAIN);
    lock_init(&other.lock, LOCK_DOMAIN);
    lock_init(&other.mm.lock, LOCK_MM);
}

static void tear_down(void)
{
    ck_assert_uint_eq(world.refs, 0);
    ck_assert_uint_eq(host_locks_held(), 0);
}

static guest_ptr_t at(const void *p)
{
    return guest_ptr((uint64_t)(uintptr_t)p);
}

static struct xenctl_bitmap map_of(uint8_t *bytes, uint32_t nr_bits)
{
    return (struct xenctl_bitmap){ at(bytes).va, nr_bits };
}

/* ---- one domain ---- */

static struct xen_domctl_createdomain config(void)
{
    return (struct xen_domctl_createdomain){ .max_vcpus = 2,
                                             .max_evtchn_port = 1023,
                                             .max_grant_frames = -1,
                                             .max_maptrack_frames = -1,
                                             .grant_opts = 2,
                                             .handle = { 1, 2, 3 } };
}

START_TEST(test_create)
{
    struct xen_domctl_createdomain op = config();
    domid_t id = DOMID_INVALID;

    ck_assert_int_eq(hc_domctl_createdomain(&id, &op), 0);
    ck_assert_uint_eq(id, 1);
    ck_assert_uint_eq(world.asked, DOMID_INVALID);
    ck_assert_uint_eq(world.config.evtchns_max, 1024);
    ck_assert_uint_eq(world.config.grant_frames_max, GRANT_FRAMES_MAX);
    ck_assert_uint_eq(world.config.maptrack_max, MAPTRACK_MAX);
    ck_assert_mem_eq(world.config.uuid, op.handle, 16);
    ck_assert(!world.config.msr_relaxed);
    op.max_evtchn_port = UINT32_MAX;
    op.max_grant_frames = 5;
    op.max_maptrack_frames = 0;
    op.arch.misc_flags = XEN_X86_MSR_RELAXED;
    id = 0;
    ck_assert_int_eq(hc_domctl_createdomain(&id, &op), 0);
    ck_assert_uint_eq(world.asked, DOMID_INVALID);
    ck_assert_uint_eq(world.config.evtchns_max, EVTCHNS_MAX);
    ck_assert_uint_eq(world.config.grant_frames_max, 5);
    ck_assert_uint_eq(world.config.maptrack_max, 0);
    ck_assert(world.config.msr_relaxed);
    op.max_maptrack_frames = INT32_MAX;
    id = 17;
    ck_assert_int_eq(hc_domctl_createdomain(&id, &op), 0);
    ck_assert_uint_eq(world.asked, 17);
    ck_assert_uint_eq(world.config.maptrack_max, MAPTRACK_MAX);
    world.answer = -EEXIST;
    ck_assert_int_eq(hc_domctl_createdomain(&id, &op), -EEXIST);
}
END_TEST

START_TEST(test_create_refuses)
{
    domid_t id = 0;
    struct xen_domctl_createdomain good = config(), bad;

#define REFUSED(change)                                                                            \
    do {                                                                                           \
        bad = good;                                                                                \
        change;                                                                                    \
        ck_assert_int_eq(hc_domctl_createdomain(&id, &bad), -EINVAL);                              \
        ck_assert_uint_eq(world.calls, 0);                                                         \
    } while (0)
    for (unsigned bit = 0; bit < 32; bit++)
        REFUSED(bad.flags = 1u << bit);
    REFUSED(bad.iommu_opts = 1);
    REFUSED(bad.vmtrace_size = 4096);
    REFUSED(bad.cpupool_id = 1);
    REFUSED(bad.arch.emulation_flags = 1);
    REFUSED(bad.arch.misc_flags = 2);
    REFUSED(bad.grant_opts = 0);
    REFUSED(bad.grant_opts = 3);
    REFUSED(bad.grant_opts = 0x11);
    REFUSED(bad.max_grant_frames = 0);
    REFUSED(bad.max_grant_frames = GRANT_FRAMES_MAX + 1);
    good.max_vcpus = VCPUS_MAX + 1;
    ck_assert_int_eq(hc_domctl_createdomain(&id, &good), -EINVAL);
}
END_TEST

START_TEST(test_max_vcpus_goes_on_after_failure)
{
    struct xen_domctl_max_vcpus op = { 3 };

    other.vcpus_max = 4;
    ck_assert_int_eq(hc_domctl_max_vcpus(&other, &op), -EINVAL);
    ck_assert_uint_eq(world.made, 0);
    op.max = 4;
    world.answer = -ENOMEM;
    ck_assert_int_eq(hc_domctl_max_vcpus(&other, &op), -ENOMEM);
    ck_assert_uint_eq(world.made, 1);
    world.answer = 0;
    ck_assert_int_eq(hc_domctl_max_vcpus(&other, &op), 0);
    ck_assert_uint_eq(world.made, 4);
    ck_assert_int_eq(hc_domctl_max_vcpus(&other, &op), 0);
}
END_TEST

START_TEST(test_pause_count)
{
    ck_assert_int_eq(hc_domctl_unpausedomain(&other), -EINVAL);
    ck_assert_int_eq(hc_domctl_pausedomain(&other), 0);
    ck_assert_int_eq(hc_domctl_unpausedomain(&other), 0);
    ck_assert_uint_eq(other.pause_count, 0);
}
END_TEST

START_TEST(test_parameters)
{
    struct xen_domctl_scheduler_op op = { .sched_id = XEN_SCHEDULER_CREDIT2 };
    struct xen_domctl_max_mem mem = { 1024 };
    struct xen_domctl_tsc_info tsc;
    struct xen_domctl_address_size size = { 64 };

    other.weight = 256;
    op.u.credit2 = (struct xen_domctl_sched_credit2){ 512, 30 };
    ck_assert_int_eq(hc_domctl_scheduler_op(&other, &op), 0);
    op.u.credit2 = (struct xen_domctl_sched_credit2){ 0, 0xffff };
    ck_assert_int_eq(hc_domctl_scheduler_op(&other, &op), 0);
    op.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
    ck_assert_int_eq(hc_domctl_scheduler_op(&other, &op), 0);
    ck_assert_uint_eq(op.u.credit2.weight, 512);
    ck_assert_uint_eq(op.u.credit2.cap, 30);
    op.cmd = XEN_DOMCTL_SCHEDOP_putvcpuinfo;
    ck_assert_int_eq(hc_domctl_scheduler_op(&other, &op), -EOPNOTSUPP);
    op.sched_id = XEN_SCHEDULER_CREDIT;
    ck_assert_int_eq(hc_domctl_scheduler_op(&other, &op), -EINVAL);
    ck_assert_int_eq(hc_domctl_max_mem(&other, &mem), 0);
    ck_assert_uint_eq(other.mm.frames_max, 256);
    ck_assert_int_eq(hc_domctl_gettscinfo(&other, &tsc), 0);
    ck_assert_int_eq(hc_domctl_settscinfo(&other, &tsc), 0);
    tsc.tsc_mode = 1;
    ck_assert_int_eq(hc_domctl_settscinfo(&other, &tsc), -EOPNOTSUPP);
    ck_assert_int_eq(hc_domctl_set_address_size(&other, &size), 0);
    size.size = 32;
    ck_assert_int_eq(hc_domctl_set_address_size(&other, &size), -EINVAL);
    ck_assert_int_eq(hc_domctl_get_address_size(&other, &size), 0);
    ck_assert_uint_eq(size.size, 64);
}
END_TEST

/* ---- vCPUs ---- */

START_TEST(test_contexts)
{
    static struct vcpu_guest_context context;
    struct xen_domctl_vcpucontext op = { .ctxt = at(&context).va };

    ck_assert_int_eq(hc_domctl_getvcpucontext(&vcpu1, &op), -ENODATA);
    context.flags = VGCF_online;
    world.answer = -ERESTART;
    ck_assert_int_eq(hc_domctl_setvcpucontext(&vcpu1, &op), -ERESTART);
    ck_assert_uint_eq(vcpu1.paused, VCPU_PAUSED_DOWN);
    world.answer = 0;
    ck_assert_int_eq(hc_domctl_setvcpucontext(&vcpu1, &op), 0);
    ck_assert_uint_eq(vcpu1.paused, 0);
    context.flags = 0;
    ck_assert_int_eq(hc_domctl_setvcpucontext(&vcpu1, &op), 0);
    ck_assert_uint_eq(vcpu1.paused, VCPU_PAUSED_DOWN);
    vcpu1.initialised = true;
    ck_assert_int_eq(hc_domctl_getvcpucontext(&vcpu1, &op), 0);
    ck_assert_uint_eq(context.flags, 0x77);
    ck_assert_uint_eq(other.pause_count, 0);
    op.ctxt = HYPERVISOR_START;
    ck_assert_int_eq(hc_domctl_getvcpucontext(&vcpu1, &op), -EFAULT);
    ck_assert_int_eq(hc_domctl_setvcpucontext(&vcpu1, &op), -EFAULT);
    ck_assert_uint_eq(other.pause_count, 0);
}
END_TEST

START_TEST(test_affinity)
{
    uint8_t hard[16] = { 2 }, soft[16] = { 1 };
    struct xen_domctl_vcpuaffinity op = { .cpumap_hard = map_of(hard, 128),
                                          .cpumap_soft = map_of(soft, 4) };

    ck_assert_int_eq(hc_domctl_setvcpuaffinity(&vcpu1, &op), -EINVAL);
    op.flags = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT;
    ck_assert_int_eq(hc_domctl_setvcpuaffinity(&vcpu1, &op), 0);
    ck_assert_uint_eq(vcpu1.affinity, 2);
    ck_assert_uint_eq(vcpu1.preferred, 1);
    ck_assert_uint_eq(soft[0], 0); /* what took effect: none of the preferred ones is allowed */
    hard[0] = 0xfc;
    op.flags = XEN_VCPUAFFINITY_HARD;
    ck_assert_int_eq(hc_domctl_setvcpuaffinity(&vcpu1, &op), -EINVAL);
    ck_assert_uint_eq(vcpu1.affinity, 2);
    memset(hard, 0xa5, sizeof(hard));
    op.flags = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT;
    ck_assert_int_eq(hc_domctl_getvcpuaffinity(&vcpu1, &op), 0);
    ck_assert_uint_eq(hard[0], 2);
    for (unsigned i = 1; i < sizeof(hard); i++)
        ck_assert_uint_eq(hard[i], 0);
    ck_assert_uint_eq(soft[0], 1);
}
END_TEST

START_TEST(test_bitmap_edges)
{
    uint8_t bytes[9];
    struct xenctl_bitmap map = map_of(bytes, 0);
    uint64_t bits = 1;

    ck_assert_int_eq(bitmap_read(&map, &bits), 0);
    ck_assert_uint_eq(bits, 0);
    memset(bytes, 0xff, sizeof(bytes));
    for (map.nr_bits = 1; map.nr_bits <= 72; map.nr_bits++) {
        ck_assert_int_eq(bitmap_read(&map, &bits), 0);
        ck_assert_uint_eq(bits, map.nr_bits < 64 ? (UINT64_C(1) << map.nr_bits) - 1 : UINT64_MAX);
        ck_assert_int_eq(bitmap_write(&map, UINT64_MAX), 0);
        ck_assert_uint_eq(bytes[8], map.nr_bits > 64 ? 0 : 0xff);
        memset(bytes, 0xff, sizeof(bytes));
    }
    map.nr_bits = UINT32_MAX;
    ck_assert_int_eq(bitmap_write(&map, 1), -EINVAL);
    map = (struct xenctl_bitmap){ HYPERVISOR_START, 8 };
    ck_assert_int_eq(bitmap_read(&map, &bits), -EFAULT);
    ck_assert_int_eq(bitmap_write(&map, 1), -EFAULT);
}
END_TEST

/* ---- frames and processors ---- */

START_TEST(test_page_types)
{
    uint64_t frames[100];
    struct xen_domctl_getpageframeinfo3 op = { .num = 100, .array = at(frames).va };
    mfn_t mfn;

    other.mm.frames_max = 10;
    ck_assert_int_eq(mm_account_register(&other.mm), 0);
    mfn = frames_alloc(&other.mm, 0, 0);
    for (unsigned i = 0; i < 100; i++)
        frames[i] = i % 2 ? UINT64_MAX >> i % 64 : mfn_x(mfn);
    page_of(mfn)->type = PT_L3;
    page_of(mfn)->type_refs = 1;
    page_of(mfn)->flags |= PAGE_PINNED;
    ck_assert_int_eq(hc_domctl_getpageframeinfo3(&other, &op), 0);
    for (unsigned i = 0; i < 100; i++)
        ck_assert_uint_eq(frames[i], i % 2 ? XEN_DOMCTL_PFINFO_XTAB
                                           : XEN_DOMCTL_PFINFO_L3TAB | XEN_DOMCTL_PFINFO_LPINTAB);
    op.num = 1025;
    ck_assert_int_eq(hc_domctl_getpageframeinfo3(&other, &op), -E2BIG);
}
END_TEST

START_TEST(test_cpu_policy)
{
    struct xen_cpuid_leaf leaves[200];
    struct xen_msr_entry msr;
    struct xen_domctl_cpu_policy op = { 0 };
    uint32_t words[20], room;
    struct xen_sysctl_cpu_featureset features = { .index = XEN_SYSCTL_cpu_featureset_pv };
    struct xen_sysctl_cpu_policy policy = { .index = XEN_SYSCTL_cpu_policy_hvm_max };

    ck_assert_int_eq(hc_domctl_get_cpu_policy(&other, &op), 0);
    room = op.nr_leaves;
    ck_assert_uint_le(room, ARRAY_SIZE(leaves));
    op.leaves = at(leaves).va;
    op.msrs = at(&msr).va;
    ck_assert_int_eq(hc_domctl_get_cpu_policy(&other, &op), 0);
    ck_assert_uint_lt(op.nr_leaves, room);
    ck_assert_int_eq(hc_domctl_set_cpu_policy(&other, &op), 0);
    ck_assert_uint_eq(op.err_leaf & op.err_msr, ~0u);
    for (unsigned i = 0; i < op.nr_leaves; i++) {
        if (leaves[i].leaf == 7 && leaves[i].subleaf == 0)
            leaves[i].b |= 0x10; /* dom0 has it, this domain has not */
    }
    ck_assert_int_eq(hc_domctl_set_cpu_policy(&other, &op), -EINVAL);
    ck_assert_uint_eq(op.err_leaf, 7);
    leaves[0].leaf = 0x50000000;
    ck_assert_int_eq(hc_domctl_set_cpu_policy(&other, &op), -ERANGE);
    ck_assert_uint_eq(op.err_leaf, 0x50000000);
    op.nr_leaves = 0;
    msr.val = 1;
    ck_assert_int_eq(hc_domctl_set_cpu_policy(&other, &op), -EINVAL);
    op.nr_leaves = UINT32_MAX;
    ck_assert_int_eq(hc_domctl_set_cpu_policy(&other, &op), -E2BIG);
    op.nr_leaves = 1;
    ck_assert_int_eq(hc_domctl_get_cpu_policy(&other, &op), -ENOBUFS);

    ck_assert_int_eq(hc_sysctl_get_cpu_policy(&policy), -EOPNOTSUPP);
    policy.index = 6;
    ck_assert_int_eq(hc_sysctl_get_cpu_policy(&policy), -EINVAL);
    ck_assert_int_eq(hc_sysctl_get_cpu_featureset(&features), 0);
    features.features = at(words).va;
    ck_assert_int_eq(hc_sysctl_get_cpu_featureset(&features), 0);
    ck_assert_uint_eq(words[0], 0x0f);
    features.nr_features = 2;
    ck_assert_int_eq(hc_sysctl_get_cpu_featureset(&features), -ENOBUFS);
    ck_assert_uint_eq(features.nr_features, 2);
}
END_TEST

START_TEST(test_machine)
{
    struct xen_sysctl_cpuinfo idle[3] = { { 0 }, { 0 }, { 7 } };
    struct xen_sysctl_getcpuinfo info = { .max_cpus = 3, .info = at(idle).va };
    struct xen_sysctl_cputopo topo[2];
    struct xen_sysctl_cputopoinfo topology = { 0 };
    struct xen_sysctl_meminfo memory;
    struct xen_sysctl_numainfo numa = { .num_nodes = 4, .meminfo = at(&memory).va };
    uint8_t cpus;
    struct xen_sysctl_cpupool_op pool = { .op = XEN_SYSCTL_CPUPOOL_OP_INFO,
                                          .cpumap = map_of(&cpus, 8) };

    ck_assert_int_eq(hc_sysctl_getcpuinfo(&info), 0);
    ck_assert_uint_eq(info.nr_cpus, 2);
    ck_assert_uint_eq(idle[1].idletime, 1001);
    ck_assert_uint_eq(idle[2].idletime, 7);
    ck_assert_int_eq(hc_sysctl_cputopoinfo(&topology), 0);
    ck_assert_uint_eq(topology.num_cpus, 2);
    topology.cputopo = at(topo).va;
    topology.num_cpus = 1;
    ck_assert_int_eq(hc_sysctl_cputopoinfo(&topology), 0);
    ck_assert_uint_eq(topology.num_cpus, 1);
    ck_assert_int_eq(hc_sysctl_numainfo(&numa), 0);
    ck_assert_uint_eq(numa.num_nodes, 1);
    ck_assert_uint_eq(memory.memfree, frames_free() << PAGE_SHIFT);
    ck_assert_int_eq(hc_sysctl_cpupool_op(&pool), 0);
    ck_assert_uint_eq(pool.n_dom, 2);
    ck_assert_uint_eq(cpus, 3);
    pool.cpupool_id = 1;
    ck_assert_int_eq(hc_sysctl_cpupool_op(&pool), -ENOENT);
    pool.op = XEN_SYSCTL_CPUPOOL_OP_CREATE;
    ck_assert_int_eq(hc_sysctl_cpupool_op(&pool), -EOPNOTSUPP);
}
END_TEST

START_TEST(test_domain_info_is_of_the_next)
{
    struct xen_domctl_getdomaininfo info;
    domid_t id = 1;

    ck_assert_int_eq(hc_domctl_getdomaininfo(&id, &info), 0);
    ck_assert_uint_eq(id, 1);
    id = 2;
    ck_assert_int_eq(hc_domctl_getdomaininfo(&id, &info), -ESRCH);
    id = DOMID_SELF;
    ck_assert_int_eq(hc_domctl_getdomaininfo(&id, &info), -EINVAL);
    world.first = 1;
    id = 0;
    ck_assert_int_eq(hc_domctl_getdomaininfo(&id, &info), 0);
    ck_assert_uint_eq(id, 1);
    ck_assert_uint_eq(info.domain, 1);
}
END_TEST

START_TEST(test_domain_list)
{
    struct xen_domctl_getdomaininfo info[3];
    struct xen_sysctl_getdomaininfolist op = { .max_domains = 3, .buffer = at(info).va };

    memset(info, 0xa5, sizeof(info));
    other.pause_count = 1;
    ck_assert_int_eq(hc_sysctl_getdomaininfolist(&op), 0);
    ck_assert_uint_eq(op.num_domains, 2);
    ck_assert_uint_eq(info[0].flags, XEN_DOMINF_running);
    ck_assert_uint_eq(info[0].nr_online_vcpus, 1);
    ck_assert_uint_eq(info[0].max_vcpu_id, 0);
    ck_assert_uint_eq(info[0].cpu_time, 200);
    ck_assert_uint_eq(info[0].pad2[6] | info[0].arch_config.misc_flags, 0);
    ck_assert_uint_eq(info[1].flags, XEN_DOMINF_paused);
    op.first_domain = 1;
    op.max_domains = 0;
    ck_assert_int_eq(hc_sysctl_getdomaininfolist(&op), 0);
    ck_assert_uint_eq(op.num_domains, 0);
    op.first_domain = UINT16_MAX;
    op.max_domains = UINT32_MAX;
    ck_assert_int_eq(hc_sysctl_getdomaininfolist(&op), 0);
    ck_assert_uint_eq(op.num_domains, 0);
    op.first_domain = 0;
    op.buffer = HYPERVISOR_START;
    ck_assert_int_eq(hc_sysctl_getdomaininfolist(&op), -EFAULT);
}
END_TEST

START_TEST(test_readconsole_and_keys)
{
    char buffer[600], keys[256] = "0d";
    struct xen_sysctl_readconsole op = { .buffer = at(buffer).va, .count = 600 };
    struct xen_sysctl_debug_keys press = { .keys = at(keys).va, .nr_keys = 2 };

    memset(world.text, 'x', 500);
    world.text_bytes = 500;
    ck_assert_int_eq(hc_sysctl_readconsole(&op), 0);
    ck_assert_uint_eq(op.count, 500);
    ck_assert_uint_eq(op.index, 500);
    op.incremental = 1;
    op.clear = 1;
    op.count = 600;
    ck_assert_int_eq(hc_sysctl_readconsole(&op), 0);
    ck_assert_uint_eq(op.count, 0);
    ck_assert_uint_eq(world.text_bytes, 0);
    ck_assert_int_eq(hc_sysctl_debug_keys(&press), 0);
    ck_assert_uint_eq(world.keys, 2);
    ck_assert_uint_eq(world.asked, 'd');
    press.nr_keys = 257;
    ck_assert_int_eq(hc_sysctl_debug_keys(&press), -E2BIG);
}
END_TEST

static TCase *cases(void)
{
    TCase *tests = tcase_create("tools");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, test_create);
    tcase_add_test(tests, test_create_refuses);
    tcase_add_test(tests, test_max_vcpus_goes_on_after_failure);
    tcase_add_test(tests, test_pause_count);
    tcase_add_test(tests, test_parameters);
    tcase_add_test(tests, test_contexts);
    tcase_add_test(tests, test_affinity);
    tcase_add_test(tests, test_bitmap_edges);
    tcase_add_test(tests, test_page_types);
    tcase_add_test(tests, test_cpu_policy);
    tcase_add_test(tests, test_machine);
    tcase_add_test(tests, test_domain_info_is_of_the_next);
    tcase_add_test(tests, test_domain_list);
    tcase_add_test(tests, test_readconsole_and_keys);
    return tests;
}

int main(void)
{
    Suite *suite = suite_create("hypercall tools");

    suite_add_tcase(suite, cases());
    return suite_run(suite);
}
