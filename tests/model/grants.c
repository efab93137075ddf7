/* SPDX-License-Identifier: MIT */
/*
 * Grants: domain 1 grants two frames, domain 2 maps them on two CPUs, in all orders; the granter
 * withdraws, gives frames back or makes a table of one; the mapper overwrites entries behind the
 * hypervisor's back, copies, and its TLBs keep whatever they could have seen.
 */
#include "search.h"

#include <stdio.h>
#include <string.h>

#include "core/grant_table.h"
#include "core/sched.h"
#include "mm/page.h"
#include "mm/update.h"

#ifndef GRANTS
#define GRANTS 2
#endif
#define SLOTS         2
#define HANDLES       2
#define SLOT_PAGE     20 /* empty entries of world.c's L1 */
#define SLOT_VA(slot) ((gva_t)(SLOT_PAGE + (slot)) << PAGE_SHIFT)

static struct {
    struct domain *granter, *mapper;
    mfn_t frame[2], own, l1;
    bool is_rash; /* the granter has written over its entries' bits of use */
} w;

static const uint32_t map_flags[] = { GNTMAP_host_map, GNTMAP_host_map | GNTMAP_readonly,
                                      GNTMAP_device_map, GNTMAP_host_map | GNTMAP_device_map };
static const uint16_t entry_flags[] = { 0, GTF_permit_access, GTF_permit_access | GTF_readonly };

enum kind { GRANT, MAP, UNMAP, OVERWRITE, GRANTER, COPY };
#define NR_GRANT     (GRANTS * 3)
#define NR_MAP       (GRANTS * SLOTS * 4)
#define NR_UNMAP     (HANDLES * 4)
#define NR_OVERWRITE (SLOTS * 2)
#define NR_GRANTER   3
#define NR_COPY      2
static const unsigned nr_of[] = { NR_GRANT, NR_MAP, NR_UNMAP, NR_OVERWRITE, NR_GRANTER, NR_COPY };
#define NR_OPS (NR_GRANT + NR_MAP + NR_UNMAP + NR_OVERWRITE + NR_GRANTER + NR_COPY)

static enum kind kind_of(unsigned *op)
{
    enum kind kind = GRANT;

    while (*op >= nr_of[kind])
        *op -= nr_of[kind++];
    return kind;
}

/* ---- the world ------------------------------------------------------------------------------- */

static mfn_t spare(const struct domain *d, unsigned n)
{
    for (unsigned f = 0; f < SIM_FRAMES; f++)
        if (frame_table[f].owner == d->id && frame_table[f].refs == 1 &&
            !frame_table[f].type_refs && n-- == 0)
            return _mfn(f);
    __builtin_trap();
}

static void start(void)
{
    w.granter = sim_domain(1);
    w.mapper = sim_domain(2);
    for (domid_t id = 0; id < 2; id++)
        for (unsigned i = 0; i < SIM_VCPUS; i++)
            vcpu_pause_nosync(sim_domain(id)->vcpu[i], VCPU_PAUSED_DOWN);
    for (unsigned i = 0; i < SIM_VCPUS; i++)
        if (sched_set_affinity(w.mapper->vcpu[i], UINT64_C(1) << i, ~UINT64_C(0)))
            __builtin_trap();
    w.frame[0] = spare(w.granter, 0);
    w.frame[1] = spare(w.granter, 1);
    w.own = spare(w.mapper, 0);
    w.l1 = maddr_to_mfn(pt_l1_slot(w.mapper->vcpu[0]->arch.cr3_kernel, SLOT_VA(0)));
    maptrack_cancel(w.mapper, maptrack_reserve(w.mapper)); /* its page of handles exists */
}

/* ---- what guests have written, and look at --------------------------------------------------- */

static void grant_write(unsigned ref, uint16_t flags)
{
    *grant_entry(w.granter, ref) = (struct grant_entry_v1){
        .flags = flags, .domid = w.mapper->id, .frame = (uint32_t)mfn_x(w.frame[ref])
    };
}

/* The bits that the hypervisor keeps in the entry of a grant in use. */
static uint16_t in_use(unsigned ref)
{
    const struct grant_active *act = grant_active(w.granter, ref);
    bool is_written = act->pins[PIN_HOST_WRITE] || act->pins[PIN_DEVICE_WRITE];

    if (!grant_is_pinned(act))
        return 0;
    return is_written ? GTF_reading | GTF_writing : GTF_reading;
}

/* The reference whose entry the operation looks at. */
static unsigned reference_of(unsigned op)
{
    switch (kind_of(&op)) {
    case MAP:
        return op % GRANTS;
    case COPY:
        return 0;
    default:
        return GRANTS;
    }
}

static unsigned nr_scenes(unsigned op)
{
    return reference_of(op) < GRANTS ? ARRAY_SIZE(entry_flags) : 1;
}

/* All that may be in that entry; the others permit. */
static bool scene(unsigned op, unsigned n)
{
    unsigned looked = reference_of(op);

    w.is_rash = false;
    for (unsigned ref = 0; ref < GRANTS; ref++) {
        unsigned which = ref == looked ? n : 1;

        grant_write(ref, entry_flags[which] | in_use(ref));
    }
    return true;
}

static void look(void)
{
    for (unsigned c = 0; c < SIM_CPUS; c++)
        for (unsigned slot = 0; slot < SLOTS; slot++)
            sim_cache(c, SLOT_VA(slot));
}

/* A granter that does not write over the bits of use can rely on them. */
static bool promise(void)
{
    bool good = true;

    for (unsigned ref = 0; ref < GRANTS && !w.is_rash; ref++)
        good = good &&
               (grant_entry(w.granter, ref)->flags & (GTF_reading | GTF_writing)) == in_use(ref);
    return good;
}

/* ---- operations ------------------------------------------------------------------------------ */

static struct maptrack *handle_at(unsigned handle)
{
    return maptrack_at(w.mapper, handle);
}

static void do_map(struct vcpu *v, unsigned op)
{
    struct gnttab_map_grant_ref map = { .ref = op % GRANTS,
                                        .dom = w.granter->id,
                                        .host_addr = SLOT_VA(op / GRANTS % SLOTS),
                                        .flags = map_flags[op / GRANTS / SLOTS] };

    if (handle_at(0)->rd && handle_at(1)->rd)
        return; /* as many as are looked at */
    grant_map(v, &map);
}

static void do_unmap(struct vcpu *v, unsigned op)
{
    unsigned handle = op % HANDLES, what = op / HANDLES;
    const struct maptrack *m = handle_at(handle);
    struct gnttab_unmap_grant_ref unmap = { .handle = handle };

    if (what < 2)
        unmap.host_addr = SLOT_VA(what);
    if (what == 2)
        unmap.host_addr = SLOT_VA(handle);
    if (what >= 2 && m->rd)
        unmap.dev_bus_addr = mfn_to_maddr(_mfn(grant_active(m->rd, m->ref)->frame));
    grant_unmap(v, &unmap);
    grant_unmap_flush(v);
}

static void do_overwrite(unsigned op)
{
    (void)!pt_update_va(&w.mapper->mm, &w.mapper->mm, w.mapper->vcpu[0]->arch.cr3_kernel,
                        SLOT_VA(op % SLOTS), op < SLOTS ? 0 : mfn_to_maddr(w.own) | 0x27);
}

static void do_granter(unsigned op)
{
    if (op == 0)
        (void)!pt_pin(&w.granter->mm, w.frame[0], PT_L1);
    if (op == 1)
        (void)!pt_unpin(&w.granter->mm, w.frame[0]);
    if (op == 2) {
        mm_lock(&w.granter->mm);
        if (page_of(w.frame[0])->owner == w.granter->id)
            (void)!page_give_back(page_of(w.frame[0]), &w.granter->mm);
        mm_unlock(&w.granter->mm);
    }
}

static void do_copy(struct vcpu *v, unsigned op)
{
    struct gnttab_copy copy = { .len = 8, .source.domid = DOMID_SELF, .dest.domid = DOMID_SELF };
    struct gnttab_copy_ptr *ref = op ? &copy.dest : &copy.source;

    copy.source.u.gmfn = copy.dest.u.gmfn = mfn_x(w.own);
    ref->u.ref = 0;
    ref->domid = w.granter->id;
    copy.flags = op ? GNTCOPY_dest_gref : GNTCOPY_source_gref;
    grant_copy(v, &copy);
}

static void run(unsigned op, struct vcpu *v)
{
    switch (kind_of(&op)) {
    case GRANT:
        grant_write(op % GRANTS, entry_flags[op / GRANTS]);
        w.is_rash = true;
        break;
    case MAP:
        do_map(v, op);
        break;
    case UNMAP:
        do_unmap(v, op);
        break;
    case OVERWRITE:
        do_overwrite(op);
        break;
    case GRANTER:
        do_granter(op);
        break;
    default:
        do_copy(v, op);
    }
}

/* Each CPU gets half of what can be done anywhere, so that pairs of all kinds meet. */
static unsigned cpu(unsigned op)
{
    unsigned n = op;
    enum kind kind = kind_of(&n);

    return kind == UNMAP || kind == OVERWRITE || kind == GRANT;
}

static void print(unsigned op, char *out, size_t max)
{
    static const char *const unmap_name[] = { "slot 0", "slot 1", "own slot and device", "device" };
    enum kind kind = kind_of(&op);

    switch (kind) {
    case GRANT:
        snprintf(out, max, "grant_write(%u, 0x%x);", op % GRANTS, entry_flags[op / GRANTS]);
        break;
    case MAP:
        snprintf(out, max, "map(%u, slot %u, flags 0x%x);", op % GRANTS, op / GRANTS % SLOTS,
                 map_flags[op / GRANTS / SLOTS]);
        break;
    case UNMAP:
        snprintf(out, max, "unmap(handle %u, %s);", op % HANDLES, unmap_name[op / HANDLES]);
        break;
    case OVERWRITE:
        snprintf(out, max, "update_va(slot %u, %s);", op % SLOTS, op < SLOTS ? "0" : "own frame");
        break;
    case GRANTER:
        snprintf(out, max, "%s(frame 0);", (const char *[]){ "pin_l1", "unpin", "give_back" }[op]);
        break;
    default:
        snprintf(out, max, "copy(%s reference 0);", op ? "to" : "from");
    }
}

/* ---- what distinguishes states --------------------------------------------------------------- */

static uint8_t *put(uint8_t *at, const void *from, size_t n)
{
    memcpy(at, from, n);
    return at + n;
}

static uint8_t *frame_observe(uint8_t *at, mfn_t mfn)
{
    const struct page *page = page_of(mfn);
    bool is_owned = page->owner == w.granter->id || page->owner == w.mapper->id;
    const struct mm_account *owner = is_owned ? mm_account_of_slot(page->owner) : NULL;
    uint8_t what[6] = { (uint8_t)page->owner, 0, 0, 0, 0, 0 };

    if (owner) {
        what[1] = (uint8_t)page->refs;
        what[2] = (uint8_t)page->type_refs;
        what[3] = page->type;
        what[4] = page->flags;
        what[5] = !page->type_refs && page->type && page->stamp == owner->tlb_epoch;
    }
    return put(at, what, sizeof(what));
}

/* What a CPU may remember of a slot, as bits. */
static uint8_t cached(unsigned c, unsigned slot)
{
    const mfn_t frame[] = { w.frame[0], w.frame[1], w.own };
    uint8_t bits = 0;

    for (unsigned i = 0; i < TLB_ENTRIES; i++) {
        const struct sim_tlb *e = &sim.cpu[c].tlb[i];

        for (unsigned f = 0; f < ARRAY_SIZE(frame); f++)
            if (e->valid && e->page == SLOT_PAGE + slot && mfn_eq(e->frame, frame[f]))
                bits |= (uint8_t)(1u << (2 * f + e->write));
    }
    return bits;
}

static size_t observe(uint8_t out[OBSERVED_MAX])
{
    uint8_t *at = out;
    const uint64_t *entry = (const uint64_t *)machine_map(w.l1) + SLOT_PAGE;

    for (grant_ref_t ref = 0; ref < GRANTS; ref++) {
        const struct grant_active *act = grant_active(w.granter, ref);

        for (unsigned i = 0; i < GRANT_PINS; i++)
            *at++ = (uint8_t)act->pins[i];
        at = frame_observe(at, w.frame[ref]);
    }
    for (grant_handle_t h = 0; h < HANDLES; h++) {
        const struct maptrack *m = handle_at(h);

        *at++ = m->rd != NULL;
        *at++ = m->rd ? (uint8_t)m->ref : 0;
        *at++ = m->flags;
    }
    *at++ = (uint8_t)w.mapper->grants.maptrack_free;
    at = frame_observe(at, w.own);
    at = put(at, entry, SLOTS * sizeof(*entry));
    for (unsigned c = 0; c < SIM_CPUS; c++)
        for (unsigned slot = 0; slot < SLOTS; slot++)
            *at++ = cached(c, slot);
    return (size_t)(at - out);
}

int main(int argc, char **argv)
{
    static const struct model model = { .name = "grants",
                                        .start = start,
                                        .nr_ops = NR_OPS,
                                        .cpu = cpu,
                                        .run = run,
                                        .print = print,
                                        .nr_scenes = nr_scenes,
                                        .scene = scene,
                                        .look = look,
                                        .observe = observe,
                                        .promise = promise };

    return search_main(&model, argc, argv);
}
