/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out: each allocation that an operation makes fails in turn, the first, the second and
 * so on until the operation passes. Each failure must be answered by an error, must leave the whole
 * machine as it was, and the audit must agree.
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/audit.h"
#include "core/evtchn_table.h"
#include "core/grant_table.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "public/domctl.h"
#include "public/memory.h"
#include "x86/upcall.h"

#define SITES_MAX 64 /* allocations of one operation: none makes nearly as many */

/* ---- the allocators, with one failure -------------------------------------------------------- */

static struct {
    unsigned fail_at, nr; /* the fail_at-th from now on fails; 0: none */
    bool failed;
} memory;

static bool fails(void)
{
    bool now = memory.fail_at && ++memory.nr == memory.fail_at;

    memory.failed = memory.failed || now;
    return now;
}

mfn_t __real_frames_alloc(struct mm_account *acct, unsigned order, unsigned address_bits);
mfn_t __wrap_frames_alloc(struct mm_account *acct, unsigned order, unsigned address_bits);
mfn_t __wrap_frames_alloc(struct mm_account *acct, unsigned order, unsigned address_bits)
{
    return fails() ? MFN_INVALID : __real_frames_alloc(acct, order, address_bits);
}

void *__real_heap_alloc(size_t bytes);
void *__wrap_heap_alloc(size_t bytes);
void *__wrap_heap_alloc(size_t bytes)
{
    return fails() ? NULL : __real_heap_alloc(bytes);
}

/* ---- operations, by vCPU 0 of dom0 ----------------------------------------------------------- */

static long call(struct vcpu *v, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2)
{
    struct guest_regs *r = &v->arch.regs;
    uint64_t rip = r->rip;

    do {
        r->rip = rip;
        r->rax = number;
        r->rdi = a0;
        r->rsi = a1;
        r->rdx = a2;
        upcall_hypercall(&v->arch);
    } while (r->rip != rip);
    return (long)r->rax;
}

/* The argument window of the CPU. */
static void *args(void)
{
    return memset(sim.cpu[sim_running].args, 0, ARGS_BYTES);
}

static long domctl(struct vcpu *v, struct xen_domctl *op)
{
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    return call(v, __HYPERVISOR_domctl, ARGS_VA, 0, 0);
}

static long create_domain(struct vcpu *v)
{
    struct xen_domctl *op = args();

    op->cmd = XEN_DOMCTL_createdomain;
    op->domain = 5;
    op->u.createdomain.max_vcpus = op->u.createdomain.grant_opts = 1;
    op->u.createdomain.max_grant_frames = op->u.createdomain.max_maptrack_frames = -1;
    op->u.createdomain.max_evtchn_port = UINT32_MAX;
    return domctl(v, op);
}

static long create_vcpu(struct vcpu *v)
{
    struct xen_domctl *op = args();

    op->cmd = XEN_DOMCTL_max_vcpus;
    op->domain = 5;
    op->u.max_vcpus.max = 1;
    return domctl(v, op);
}

static long get_context(struct vcpu *v)
{
    struct xen_domctl *op = args();

    op->cmd = XEN_DOMCTL_getvcpucontext;
    op->domain = 1;
    op->u.vcpucontext.ctxt = ARGS_VA + 1024;
    return domctl(v, op);
}

static long alloc_unbound(struct vcpu *v)
{
    struct evtchn_alloc_unbound *op = args();

    op->dom = DOMID_SELF;
    op->remote_dom = 1;
    return call(v, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, ARGS_VA, 0);
}

/* All ports of the first bucket, so that the next one needs another. */
static void fill_bucket(struct vcpu *v)
{
    while (v->domain->events.valid == EVTCHNS_PER_BUCKET &&
           evtchn_lookup(v->domain, EVTCHNS_PER_BUCKET - 1)->state == EVTCHN_FREE)
        if (alloc_unbound(v))
            abort();
}

static long grow_grants(struct vcpu *v)
{
    struct gnttab_setup_table *op = args();

    op->dom = DOMID_SELF;
    op->nr_frames = 4;
    op->frame_list = ARGS_VA + 1024;
    return call(v, __HYPERVISOR_grant_table_op, GNTTABOP_setup_table, ARGS_VA, 1) ?: op->status;
}

static void grant_to_dom0(struct vcpu *v)
{
    struct domain *granter = sim_domain(1);

    (void)v;
    for (unsigned f = 0; f < SIM_FRAMES; f++)
        if (frame_table[f].owner == 1 && frame_table[f].refs == 1 && !frame_table[f].type_refs)
            *grant_entry(granter, 8) = (struct grant_entry_v1){ .flags = GTF_permit_access,
                                                                .frame = f };
}

static long map_grant(struct vcpu *v)
{
    struct gnttab_map_grant_ref *op = args();

    *op = (struct gnttab_map_grant_ref){ .host_addr = 20 * PAGE_SIZE, .flags = GNTMAP_host_map,
                                         .ref = 8, .dom = 1 };
    return call(v, __HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, ARGS_VA, 1) ?: op->status;
}

/* Extents done are no error: none is done when the first one fails. */
static long populate(struct vcpu *v)
{
    struct xen_memory_reservation *op = args();

    op->extent_start = ARGS_VA + 1024;
    op->nr_extents = 1;
    op->domid = DOMID_SELF;
    return call(v, __HYPERVISOR_memory_op, XENMEM_populate_physmap, ARGS_VA, 0) == 1 ? 0 : -ENOMEM;
}

/* Of one extent: of more, those before the failure are done, and the guest is told how many. */
static long exchange(struct vcpu *v)
{
    struct xen_memory_exchange *op = args();
    uint64_t *in = (uint64_t *)(void *)op + 128;

    for (unsigned f = 0; f < SIM_FRAMES; f++)
        if (frame_table[f].owner == 0 && frame_table[f].refs == 1 && !frame_table[f].type_refs)
            *in = f;
    op->in = (struct xen_memory_reservation){ .extent_start = ARGS_VA + 1024, .nr_extents = 1,
                                              .domid = DOMID_SELF };
    op->out = (struct xen_memory_reservation){ .extent_start = ARGS_VA + 2048, .nr_extents = 1,
                                               .domid = DOMID_SELF };
    return call(v, __HYPERVISOR_memory_op, XENMEM_exchange, ARGS_VA, 0);
}

static long set_memory_map(struct vcpu *v)
{
    struct xen_foreign_memory_map *op = args();

    op->domid = 1;
    op->map.nr_entries = 3;
    op->map.buffer = ARGS_VA + 1024;
    return call(v, __HYPERVISOR_memory_op, XENMEM_set_memory_map, ARGS_VA, 0);
}

static void make_domain(struct vcpu *v)
{
    if (create_domain(v))
        abort();
}

static const struct {
    const char *name;
    void (*before)(struct vcpu *v);
    long (*run)(struct vcpu *v);
} operations[] = {
    { "createdomain", NULL, create_domain },
    { "max_vcpus", make_domain, create_vcpu },
    { "getvcpucontext", NULL, get_context },
    { "evtchn alloc_unbound", fill_bucket, alloc_unbound },
    { "grant setup_table", NULL, grow_grants },
    { "grant map", grant_to_dom0, map_grant },
    { "populate_physmap", NULL, populate },
    { "memory_exchange", NULL, exchange },
    { "set_memory_map", NULL, set_memory_map },
};

/* ---- before and after ------------------------------------------------------------------------ */

static uint64_t mix(uint64_t digest, uint64_t value)
{
    return (digest ^ value) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Who has what; places on free lists, and so the numbers of new frames, may differ. */
static uint64_t digest(void)
{
    uint64_t d = mix(1, frames_free());

    for (unsigned f = 0; f < SIM_FRAMES; f++) {
        const struct page *page = &frame_table[f];

        if (mm_account_of_slot(page->owner))
            d = mix(d, (uint64_t)page->owner << 48 | (uint64_t)page->flags << 40 |
                           (uint64_t)page->refs << 16 | page->type_refs);
    }
    for_each_domain(dom) {
        d = mix(d, dom->id | (uint64_t)dom->refs << 16 | (uint64_t)dom->events.valid << 32);
        d = mix(d, dom->grants.nr_frames | (uint64_t)dom->mm.nr_frames << 32);
        for (evtchn_port_t port = 0; port < dom->events.valid; port++)
            d = mix(d, evtchn_lookup(dom, port)->state);
        for_each_vcpu(dom, v)
            d = mix(d, v->id);
    }
    return d;
}

static struct {
    unsigned operation, site;
    bool passed, good;
    const char *why;
} trial;

static void act(struct vcpu *v, void *unused)
{
    uint64_t before;
    long rc;

    (void)unused;
    if (operations[trial.operation].before)
        operations[trial.operation].before(v);
    before = digest();
    memory.fail_at = trial.site;
    memory.nr = 0;
    memory.failed = false;
    rc = operations[trial.operation].run(v);
    memory.fail_at = 0;
    trial.passed = !memory.failed;
    if (memory.failed && rc == 0)
        trial.why = "a failed allocation is no error";
    else if (memory.failed && digest() != before)
        trial.why = "the state differs after a failed allocation";
    else if (!memory.failed && rc != 0)
        trial.why = "it fails with all the memory it wants";
}

static void audit_call(void *unused)
{
    (void)unused;
    trial.good = audit_still();
}

static void try(void)
{
    trial.why = NULL;
    sim_start();
    sim_dom0_act(act, NULL);
    sim_call(audit_call, NULL);
    if (!trial.why && !trial.good)
        trial.why = "the audit fails";
}

int main(void)
{
    unsigned good = 0, bad = 0;

    for (trial.operation = 0; trial.operation < ARRAY_SIZE(operations); trial.operation++) {
        trial.passed = false;
        for (trial.site = 1; !trial.passed && trial.site < SITES_MAX; trial.site++) {
            try();
            if (trial.why) {
                printf("failure: %s, allocation %u: %s\n", operations[trial.operation].name,
                       trial.site, trial.why);
                bad++;
            } else {
                good++;
            }
        }
        printf("failure: %s: %u allocations\n", operations[trial.operation].name, trial.site - 2);
    }
    printf("failure: %u passed, %u failed\n", good, bad);
    return bad != 0;
}
