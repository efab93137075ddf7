/* SPDX-License-Identifier: MIT */
/*
 * Structures of the calls that matter most, field by field, so that most of them mean something.
 * The rest are filled with words by call.c.
 */
#include "fuzz.h"
#include "public/event_channel.h"
#include "public/grant_table.h"
#include "public/memory.h"
#include "public/sched.h"
#include "public/vcpu.h"

#include <string.h>

#define PORTS  12
#define GRANTS 16

static domid_t domid(void)
{
    return chance(8) ? value_domid() : (domid_t)pick(SIM_DOMAINS);
}

static uint32_t small(unsigned n)
{
    return chance(24) ? (uint32_t)value_number() : pick(n);
}

/* ---- grants ---------------------------------------------------------------------------------- */

static void fill_map(const struct domain *d, struct gnttab_map_grant_ref *op)
{
    static const uint32_t flags[] = { GNTMAP_host_map, GNTMAP_host_map | GNTMAP_readonly,
                                      GNTMAP_device_map, GNTMAP_device_map | GNTMAP_readonly,
                                      GNTMAP_host_map | GNTMAP_device_map,
                                      GNTMAP_host_map | GNTMAP_contains_pte };

    op->flags = chance(16) ? (uint32_t)pick_word() : flags[pick(ARRAY_SIZE(flags))];
    op->host_addr = op->flags & GNTMAP_contains_pte ? value_slot(d) : value_va();
    op->ref = small(GRANTS);
    op->dom = domid();
}

/* A handle that is in use knows where it is mapped: no guest would find that by chance. */
static void fill_unmap(const struct domain *d, struct gnttab_unmap_grant_ref *op)
{
    op->handle = small(8);
    op->host_addr = chance(4) ? 0 : chance(3) ? value_slot(d) : value_va();
    op->dev_bus_addr = chance(2) ? 0 : mfn_to_maddr(value_frame(d));
}

static void fill_copy_ptr(const struct domain *d, struct gnttab_copy_ptr *ptr, bool is_ref)
{
    ptr->domid = is_ref ? domid() : chance(8) ? domid() : DOMID_SELF;
    if (is_ref)
        ptr->u.ref = small(GRANTS);
    else
        ptr->u.gmfn = mfn_x(value_frame(d));
    ptr->offset = (uint16_t)(chance(4) ? value_number() : 0);
}

static void fill_copy(const struct domain *d, struct gnttab_copy *op)
{
    op->flags = (uint16_t)small(4);
    fill_copy_ptr(d, &op->source, op->flags & GNTCOPY_source_gref);
    fill_copy_ptr(d, &op->dest, op->flags & GNTCOPY_dest_gref);
    op->len = (uint16_t)(chance(2) ? value_number() : pick(256));
}

static bool fill_grant(const struct domain *d, unsigned sub, void *at, struct sim_cpu *cpu)
{
    gva_t list;

    switch (sub) {
    case GNTTABOP_map_grant_ref:
        fill_map(d, at);
        return true;
    case GNTTABOP_unmap_grant_ref:
        fill_unmap(d, at);
        return true;
    case GNTTABOP_copy:
        fill_copy(d, at);
        return true;
    case GNTTABOP_setup_table:
        (void)args_take(cpu, 64, &list);
        *(struct gnttab_setup_table *)at = (struct gnttab_setup_table){
            .dom = chance(4) ? domid() : DOMID_SELF, .nr_frames = small(4), .frame_list = list };
        return true;
    case GNTTABOP_unmap_and_replace:
        *(struct gnttab_unmap_and_replace *)at = (struct gnttab_unmap_and_replace){
            .host_addr = value_va(), .handle = small(8), .new_addr = chance(4) ? value_va() : 0 };
        return true;
    case GNTTABOP_swap_grant_ref:
        *(struct gnttab_swap_grant_ref *)at =
            (struct gnttab_swap_grant_ref){ .ref_a = small(GRANTS), .ref_b = small(GRANTS) };
        return true;
    default:
        return false;
    }
}

/* ---- event channels -------------------------------------------------------------------------- */

static bool fill_event(unsigned sub, void *at)
{
    union {
        struct evtchn_alloc_unbound alloc;
        struct evtchn_bind_interdomain pair;
        struct evtchn_bind_virq virq;
        struct evtchn_bind_pirq pirq;
        struct evtchn_status status;
        struct evtchn_bind_vcpu vcpu;
        struct evtchn_reset reset;
        uint32_t port;
    } *op = at;

    switch (sub) {
    case EVTCHNOP_alloc_unbound:
        op->alloc.dom = chance(3) ? domid() : DOMID_SELF;
        op->alloc.remote_dom = domid();
        return true;
    case EVTCHNOP_bind_interdomain:
        op->pair.remote_dom = domid();
        op->pair.remote_port = small(PORTS);
        return true;
    case EVTCHNOP_bind_virq:
        op->virq.virq = small(24);
        op->virq.vcpu = small(3);
        return true;
    case EVTCHNOP_bind_pirq:
        op->pirq.pirq = small(24);
        op->pirq.flags = small(2);
        return true;
    case EVTCHNOP_status:
        op->status.dom = domid();
        op->status.port = small(PORTS);
        return true;
    case EVTCHNOP_bind_vcpu:
        op->vcpu.port = small(PORTS);
        op->vcpu.vcpu = small(3);
        return true;
    case EVTCHNOP_reset:
        op->reset.dom = chance(4) ? domid() : DOMID_SELF;
        return true;
    case EVTCHNOP_close:
    case EVTCHNOP_send:
    case EVTCHNOP_unmask:
        op->port = small(PORTS);
        return true;
    case EVTCHNOP_bind_ipi:
        op->port = small(3); /* its vCPU */
        return true;
    default:
        return false;
    }
}

/* ---- memory and vCPUs ------------------------------------------------------------------------ */

static void fill_reservation(const struct domain *d, struct xen_memory_reservation *op,
                             struct sim_cpu *cpu)
{
    unsigned nr = 1 + pick(4);
    uint64_t *list = args_take(cpu, nr * sizeof(*list), &op->extent_start);

    op->extent_order = chance(4) ? small(4) : 0;
    for (unsigned i = 0; i < nr; i++)
        list[i] = mfn_x(value_frame(d)) & ~UINT64_C(0) << (op->extent_order & 63);
    if (chance(16))
        op->extent_start = value_va();
    op->nr_extents = chance(24) ? value_number() : nr;
    op->mem_flags = chance(4) ? small(48) : 0;
    op->domid = chance(6) ? domid() : DOMID_SELF;
}

static bool fill_memory(const struct domain *d, unsigned sub, void *at, struct sim_cpu *cpu)
{
    struct xen_memory_exchange *exchange = at;

    switch (sub) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap:
        fill_reservation(d, at, cpu);
        return true;
    case XENMEM_exchange:
        fill_reservation(d, &exchange->in, cpu);
        fill_reservation(d, &exchange->out, cpu);
        if (!chance(8))
            exchange->out.nr_extents = exchange->in.nr_extents << exchange->in.extent_order >>
                                       (exchange->out.extent_order & 63);
        exchange->nr_exchanged = chance(16) ? value_number() : 0;
        return true;
    default:
        return false;
    }
}

static bool fill_vcpu(const struct domain *d, unsigned sub, void *at)
{
    struct vcpu_register_vcpu_info *info = at;

    if (sub != VCPUOP_register_vcpu_info)
        return false;
    info->mfn = mfn_x(value_frame(d));
    info->offset = chance(4) ? (uint32_t)value_number() : pick(64) * 64;
    return true;
}

bool struct_fill(const struct domain *d, unsigned class, unsigned sub, void *at,
                 struct sim_cpu *cpu)
{
    switch (class) {
    case __HYPERVISOR_grant_table_op:
        return fill_grant(d, sub, at, cpu);
    case __HYPERVISOR_event_channel_op:
        return fill_event(sub, at);
    case __HYPERVISOR_memory_op:
        return fill_memory(d, sub, at, cpu);
    case __HYPERVISOR_vcpu_op:
        return fill_vcpu(d, sub, at);
    default:
        return false;
    }
}
