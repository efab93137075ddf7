/* SPDX-License-Identifier: MIT */
/*
 * The heaviest calls that we know of, which random runs of a small machine do not meet: tables full
 * of entries, lists of them, steps of 512 frames, descriptor pages, the end of a domain that has
 * everything. Each is made by a vCPU of dom0, and repeated as often as the hypervisor asks for it.
 */
#include "work.h"

#include <stdlib.h>
#include <string.h>

#include "core/evtchn_table.h"
#include "core/grant_table.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "mm/update.h"
#include "public/domctl.h"
#include "public/memory.h"
#include "x86/upcall.h"

#define FRAMES   1024                    /* data */
#define TABLES   32                      /* L1s, full of them */
#define LIST(nr) (ARGS_VA + 4096 * (nr)) /* four lists of 512 words */
#define BIG      ((domid_t)1)            /* the domain with everything */

static mfn_t data[FRAMES], table[TABLES], upper;

static uint64_t *list(unsigned nr)
{
    return (uint64_t *)(void *)&sim.cpu[sim_running].args[4096 * nr];
}

static long call(struct vcpu *v, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2,
                 uint64_t a3)
{
    struct guest_regs *r = &v->arch.regs;
    uint64_t rip = r->rip;

    r->rax = number;
    r->rdi = a0;
    r->rsi = a1;
    r->rdx = a2;
    r->r10 = a3;
    do { /* back in ring 3 each time */
        r->rip = rip;
        work_call(number);
        upcall_hypercall(&v->arch);
        work_call(NO_CALL);
    } while (r->rip != rip);
    return (long)r->rax;
}

static void must(bool good)
{
    if (!good)
        abort();
}

static void frames_get(struct domain *d, mfn_t *out, unsigned nr)
{
    d->mm.frames_max = UINT64_MAX;
    for (unsigned i = 0; i < nr; i++) {
        out[i] = frames_alloc(&d->mm, 0, 0);
        must(!mfn_eq(out[i], MFN_INVALID));
        memset(machine_map(out[i]), 0, PAGE_SIZE);
    }
}

/* Tables full of writable entries, and an L2 that will name them all. */
static void tables_make(struct domain *d)
{
    frames_get(d, data, FRAMES);
    frames_get(d, table, TABLES);
    frames_get(d, &upper, 1);
    for (unsigned i = 0; i < TABLES * 512; i++)
        ((uint64_t *)machine_map(table[i / 512]))[i % 512] = mfn_to_maddr(data[i % FRAMES]) | 0x67;
    for (unsigned i = 0; i < TABLES; i++)
        ((uint64_t *)machine_map(upper))[i] = mfn_to_maddr(table[i]) | 0x67;
}

/* ---- page tables ----------------------------------------------------------------------------- */

static void mmuext_fill(struct mmuext_op *op, unsigned nr, unsigned cmd)
{
    for (unsigned i = 0; i < nr; i++)
        op[i] = (struct mmuext_op){ .cmd = cmd, .arg1.mfn = mfn_x(table[i % TABLES]) };
}

static long mmuext(struct vcpu *v, unsigned nr, unsigned cmd)
{
    mmuext_fill((struct mmuext_op *)(void *)list(0), nr, cmd);
    return call(v, __HYPERVISOR_mmuext_op, LIST(0), nr, 0, DOMID_SELF);
}

static void pin_list(struct vcpu *v)
{
    must(mmuext(v, TABLES, MMUEXT_PIN_L1_TABLE) == 0);
    must(mmuext(v, TABLES, MMUEXT_UNPIN_TABLE) == 0);
}

static void pin_deep(struct vcpu *v)
{
    struct mmuext_op *op = (struct mmuext_op *)(void *)list(0);

    *op = (struct mmuext_op){ .cmd = MMUEXT_PIN_L2_TABLE, .arg1.mfn = mfn_x(upper) };
    must(call(v, __HYPERVISOR_mmuext_op, LIST(0), 1, 0, DOMID_SELF) == 0);
    op->cmd = MMUEXT_UNPIN_TABLE;
    must(call(v, __HYPERVISOR_mmuext_op, LIST(0), 1, 0, DOMID_SELF) == 0);
}

/* Entries of a multicall: calls of one element each. */
static void multi(struct vcpu *v, unsigned nr, uint64_t number, const uint64_t args[4],
                  uint64_t stride)
{
    struct multicall_entry *entry = (struct multicall_entry *)(void *)list(2);

    for (unsigned i = 0; i < nr; i++)
        entry[i] =
            (struct multicall_entry){ .op = number,
                                      .args = { args[0] + i * stride, args[1], args[2], args[3] } };
    must(call(v, __HYPERVISOR_multicall, LIST(2), nr, 0, 0) == 0);
    for (unsigned i = 0; i < nr; i++)
        must(entry[i].result == 0);
}

static void pin_multicall(struct vcpu *v)
{
    const uint64_t args[4] = { LIST(0), 1, 0, DOMID_SELF };

    mmuext_fill((struct mmuext_op *)(void *)list(0), TABLES, MMUEXT_PIN_L1_TABLE);
    multi(v, TABLES, __HYPERVISOR_mmuext_op, args, sizeof(struct mmuext_op));
    mmuext_fill((struct mmuext_op *)(void *)list(0), TABLES, MMUEXT_UNPIN_TABLE);
    multi(v, TABLES, __HYPERVISOR_mmuext_op, args, sizeof(struct mmuext_op));
}

/* Updates that make and drop whole tables: entries of a pinned L2. */
static void update_tables(struct vcpu *v)
{
    struct mmuext_op *op = (struct mmuext_op *)(void *)list(1);
    struct mmu_update *u = (struct mmu_update *)(void *)list(0);

    memset(machine_map(upper), 0, PAGE_SIZE);
    *op = (struct mmuext_op){ .cmd = MMUEXT_PIN_L2_TABLE, .arg1.mfn = mfn_x(upper) };
    must(call(v, __HYPERVISOR_mmuext_op, LIST(1), 1, 0, DOMID_SELF) == 0);
    for (unsigned on = 0; on < 2; on++) {
        for (unsigned i = 0; i < 4 * TABLES; i++)
            u[i] = (struct mmu_update){ .ptr = mfn_to_maddr(upper) + i * 8,
                                        .val = on ? 0 : mfn_to_maddr(table[i % TABLES]) | 0x67 };
        must(call(v, __HYPERVISOR_mmu_update, LIST(0), 4 * TABLES, 0, DOMID_SELF) == 0);
    }
}

static void update_entries(struct vcpu *v)
{
    struct mmu_update *u = (struct mmu_update *)(void *)list(0);

    must(mmuext(v, TABLES, MMUEXT_PIN_L1_TABLE) == 0);
    for (unsigned i = 0; i < 256; i++)
        u[i] = (struct mmu_update){ .ptr = mfn_to_maddr(table[i % TABLES]) + i * 8,
                                    .val = mfn_to_maddr(data[FRAMES - 1 - i]) | 0x67 };
    must(call(v, __HYPERVISOR_mmu_update, LIST(0), 256, 0, DOMID_SELF) == 0);
}

/* ---- descriptors ----------------------------------------------------------------------------- */

static void gdt_prepare(uint64_t *frames)
{
    for (unsigned i = 0; i < 14; i++) {
        frames[i] = mfn_x(data[i]);
        for (unsigned n = 0; n < 512; n++)
            ((uint64_t *)machine_map(data[i]))[n] = UINT64_C(0x00af9a000000ffff);
    }
}

static void gdt(struct vcpu *v)
{
    gdt_prepare(list(0));
    must(call(v, __HYPERVISOR_set_gdt, LIST(0), 14 * 512, 0, 0) == 0);
}

static void gdt_multicall(struct vcpu *v)
{
    gdt_prepare(list(0));
    multi(v, 16, __HYPERVISOR_set_gdt, (const uint64_t[4]){ LIST(0), 14 * 512 }, 0);
}

static void trap_tables(struct vcpu *v)
{
    struct trap_info *trap = (struct trap_info *)(void *)list(0);

    for (unsigned i = 0; i < 256; i++)
        trap[i] =
            (struct trap_info){ .vector = (uint8_t)i, .cs = FLAT_KERNEL_CS, .address = 0x1000 };
    trap[255] = (struct trap_info){ 0 };
    multi(v, 16, __HYPERVISOR_set_trap_table, (const uint64_t[4]){ LIST(0) }, 0);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static struct xen_memory_reservation side(unsigned nr, unsigned order, unsigned where)
{
    return (struct xen_memory_reservation){
        .extent_start = LIST(where), .nr_extents = nr, .extent_order = order, .domid = DOMID_SELF
    };
}

static long memory(struct vcpu *v, unsigned cmd, unsigned nr, unsigned order)
{
    *(struct xen_memory_reservation *)(void *)list(3) = side(nr, order, 0);
    return call(v, __HYPERVISOR_memory_op, cmd, LIST(3), 0, 0);
}

static void extents(struct vcpu *v)
{
    must(memory(v, XENMEM_populate_physmap, 2, 9) == 2);
    must(memory(v, XENMEM_decrease_reservation, 2, 9) == 2);
    must(memory(v, XENMEM_populate_physmap, 512, 0) == 512);
    must(memory(v, XENMEM_decrease_reservation, 512, 0) == 512);
}

/* Every other frame gone, then the rest: none of the first joins a neighbour, all others do. */
static void extents_scattered(struct vcpu *v)
{
    uint64_t *number = list(0);

    for (unsigned half = 0; half < 2; half++) {
        for (unsigned i = 0; i < 512; i++)
            number[i] = mfn_x(data[2 * i + half]);
        must(memory(v, XENMEM_decrease_reservation, 512, 0) == 512);
    }
}

static long exchange(struct vcpu *v, unsigned in_order, unsigned out_order)
{
    struct xen_memory_exchange *op = (struct xen_memory_exchange *)(void *)list(3);

    *op = (struct xen_memory_exchange){ .in = side(512u >> in_order, in_order, 0),
                                        .out = side(512u >> out_order, out_order, 1) };
    return call(v, __HYPERVISOR_memory_op, XENMEM_exchange, LIST(3), 0, 0);
}

static void exchange_both_ways(struct vcpu *v)
{
    for (unsigned i = 0; i < 512; i++)
        list(0)[i] = mfn_x(data[2 * i]);
    must(exchange(v, 0, 9) == 0);
    list(0)[0] = list(1)[0];
    must(exchange(v, 9, 0) == 0);
    memcpy(list(0), list(1), 4096);
    must(exchange(v, 0, 0) == 0);
}

/* All new frames are taken, then the last of the old ones is in use. */
static void exchange_refused(struct vcpu *v)
{
    list(0)[0] = mfn_x(frames_alloc(&v->domain->mm, 9, 0));
    mm_lock(&v->domain->mm);
    must(page_get(page_of(_mfn(list(0)[0] + 511)), &v->domain->mm));
    mm_unlock(&v->domain->mm);
    must(exchange(v, 9, 0) == -EINVAL);
}

/* ---- events, grants, the end of a domain ------------------------------------------------------
 */

static void ports_fill(struct domain *d)
{
    evtchn_port_t port;

    d->events.limit = EVTCHNS_MAX;
    while (evtchn_alloc_unbound(d, 0, &port) == 0)
        ;
}

static void ports_reset(struct vcpu *v)
{
    ports_fill(v->domain);
    for (evtchn_port_t port = 64; port < EVTCHNS_MAX; port += 64)
        must(evtchn_close(v->domain, port) == 0); /* no port that is a multiple of anything */
    *(struct evtchn_reset *)(void *)list(0) = (struct evtchn_reset){ .dom = DOMID_SELF };
    must(call(v, __HYPERVISOR_event_channel_op, EVTCHNOP_reset, LIST(0), 0, 0) == 0);
}

static void grants_map(struct vcpu *v)
{
    struct gnttab_map_grant_ref *map = (struct gnttab_map_grant_ref *)(void *)list(0);
    struct gnttab_unmap_grant_ref *unmap = (struct gnttab_unmap_grant_ref *)(void *)list(0);
    struct domain *granter = sim_domain(BIG);
    grant_handle_t handle[64];
    mfn_t frame;

    frames_get(granter, &frame, 1);
    *grant_entry(granter, 8) =
        (struct grant_entry_v1){ .flags = GTF_permit_access, .frame = (uint32_t)mfn_x(frame) };
    for (unsigned i = 0; i < 64; i++)
        map[i] = (struct gnttab_map_grant_ref){
            .host_addr = (20 + i) * PAGE_SIZE, .flags = GNTMAP_host_map, .ref = 8, .dom = BIG
        };
    must(call(v, __HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, LIST(0), 64, 0) == 0);
    for (unsigned i = 0; i < 64; i++) {
        must(map[i].status == GNTST_okay);
        handle[i] = map[i].handle;
    }
    for (unsigned i = 0; i < 64; i++)
        unmap[i] = (struct gnttab_unmap_grant_ref){ .host_addr = (20 + i) * PAGE_SIZE,
                                                    .handle = handle[i] };
    must(call(v, __HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, LIST(0), 64, 0) == 0);
}

static void grants_copy(struct vcpu *v)
{
    struct gnttab_copy *copy = (struct gnttab_copy *)(void *)list(0);

    for (unsigned i = 0; i < 64; i++)
        copy[i] =
            (struct gnttab_copy){ .source = { .u.gmfn = mfn_x(data[i]), .domid = DOMID_SELF },
                                  .dest = { .u.gmfn = mfn_x(data[64 + i]), .domid = DOMID_SELF },
                                  .len = PAGE_SIZE };
    must(call(v, __HYPERVISOR_grant_table_op, GNTTABOP_copy, LIST(0), 64, 0) == 0);
}

static long destroy(struct vcpu *v)
{
    struct xen_domctl *op = (struct xen_domctl *)(void *)list(0);

    memset(op, 0, sizeof(*op));
    op->cmd = XEN_DOMCTL_destroydomain;
    op->domain = BIG;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    return call(v, __HYPERVISOR_domctl, LIST(0), 0, 0, 0);
}

static void destroy_big(struct vcpu *v)
{
    struct domain *big = sim_domain(BIG);
    mfn_t frame;

    tables_make(big);
    must(pt_pin(&big->mm, upper, PT_L2) == 0);
    ports_fill(big);
    frames_get(v->domain, &frame, 1);
    *grant_entry(v->domain, 8) = (struct grant_entry_v1){ .flags = GTF_permit_access,
                                                          .domid = BIG,
                                                          .frame = (uint32_t)mfn_x(frame) };
    for (unsigned i = 0; i < 1024; i++) {
        struct gnttab_map_grant_ref op = { .flags = GNTMAP_device_map, .ref = 8, .dom = 0 };

        grant_map(big->vcpu[0], &op);
        must(op.status == GNTST_okay);
    }
    must(destroy(v) == 0);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static const struct {
    const char *name;
    bool with_tables; /* dom0 has those of tables_make() */
    void (*run)(struct vcpu *v);
} heavy[] = {
    { "a list of pins of full L1s", true, pin_list },
    { "a pin of an L2 with full L1s", true, pin_deep },
    { "a multicall of pins of full L1s", true, pin_multicall },
    { "updates that make full L1s tables", true, update_tables },
    { "updates of 256 entries", true, update_entries },
    { "a GDT of 14 full pages", true, gdt },
    { "a multicall of such GDTs", true, gdt_multicall },
    { "a multicall of whole trap tables", false, trap_tables },
    { "extents of 512 frames, and 512 extents", false, extents },
    { "512 scattered extents", true, extents_scattered },
    { "exchanges of 512 frames", true, exchange_both_ways },
    { "an exchange of 512 frames that is refused", false, exchange_refused },
    { "reset of all ports", false, ports_reset },
    { "64 grants mapped and unmapped", false, grants_map },
    { "64 grant copies", true, grants_copy },
    { "the end of a domain with everything", false, destroy_big },
};

static void act(struct vcpu *v, void *which)
{
    work_name(heavy[(uintptr_t)which].name);
    if (heavy[(uintptr_t)which].with_tables)
        tables_make(v->domain);
    v->domain->mm.frames_max = UINT64_MAX;
    heavy[(uintptr_t)which].run(v);
}

void heavy_run(void)
{
    for (uintptr_t i = 0; i < ARRAY_SIZE(heavy); i++) {
        sim_start();
        sim_dom0_act(act, (void *)i);
    }
    work_name(NULL);
}
