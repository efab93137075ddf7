/* SPDX-License-Identifier: MIT */
/*
 * Unmapping grants, in two phases so that a batch needs one TLB flush: each element claims its part
 * of the handle and clears the page-table entry; what is left, dropping pins and references, waits
 * in a list of this CPU until the flush. Nobody can reuse the frame or the handle in between.
 *
 * The list never outlives a hypercall: whoever calls grant_unmap() calls grant_unmap_flush() before
 * it returns to the guest, and the list empties itself by a flush when it is full.
 */
#include "core/grant_table.h"
#include "lib/errno.h"
#include "mm/update.h"
#include "sys/log.h"

#define UNMAPS_MAX 32 /* elements per flush: a flush is then a small part of the cost */

struct unmap {
    struct domain *rd; /* kept alive by the claimed handle */
    grant_ref_t ref;
    grant_handle_t handle;
    uint8_t kinds;     /* pins to drop, with their references */
};

struct unmap_list {
    unsigned nr;
    bool flush; /* an entry was cleared */
    struct unmap unmap[UNMAPS_MAX];
};

static PER_CPU(struct unmap_list, unmaps);

void grant_unmap_flush(struct vcpu *v)
{
    struct unmap_list *list = &this_cpu(unmaps);

    if (list->flush)
        machine_flush_cpus(READ_ONCE(v->domain->mm.cpus));
    for (unsigned i = 0; i < list->nr; i++) {
        const struct unmap *u = &list->unmap[i];

        grant_pin_put(u->rd, u->ref, u->kinds, u->kinds);
        maptrack_end(v->domain, u->handle);
    }
    list->nr = 0;
    list->flush = false;
}

static int16_t host_unmap(struct vcpu *v, uint64_t host_addr, mfn_t mfn, unsigned flags)
{
    maddr_t slot = grant_host_slot(v, host_addr, flags);

    if (!slot || pt_grant_unmap(&v->domain->mm, slot, mfn, flags & GNTMAP_readonly))
        return GNTST_general_error;
    this_cpu(unmaps).flush = true;
    return GNTST_okay;
}

/* Clear the entry if the host part is among `parts`: nothing can refuse after that. */
static int16_t parts_remove(struct vcpu *v, const struct gnttab_unmap_grant_ref *op,
                            const struct maptrack *m, unsigned parts)
{
    mfn_t mfn = grant_pinned_frame(m->rd, m->ref);

    if (op->dev_bus_addr && op->dev_bus_addr != mfn_to_maddr(mfn))
        return GNTST_general_error;
    if (parts & GNTMAP_host_map)
        return host_unmap(v, op->host_addr, mfn, m->flags);
    return GNTST_okay;
}

static void unmap_postpone(struct vcpu *v, const struct maptrack *m, grant_handle_t handle,
                           unsigned kinds)
{
    struct unmap_list *list = &this_cpu(unmaps);

    list->unmap[list->nr++] = (struct unmap){ .rd = m->rd, .ref = m->ref, .handle = handle,
                                              .kinds = (uint8_t)kinds };
    if (list->nr == UNMAPS_MAX)
        grant_unmap_flush(v);
}

/* Which parts an element asks for: an address of 0 leaves that part alone. */
static unsigned parts_wanted(const struct gnttab_unmap_grant_ref *op)
{
    return (op->host_addr ? GNTMAP_host_map : 0u) | (op->dev_bus_addr ? GNTMAP_device_map : 0u);
}

void grant_unmap(struct vcpu *v, struct gnttab_unmap_grant_ref *op)
{
    unsigned parts = parts_wanted(op);
    struct maptrack m;

    if (!maptrack_claim(v->domain, op->handle, parts, &m)) {
        op->status = GNTST_bad_handle;
        return;
    }
    parts &= m.flags;
    op->status = parts_remove(v, op, &m, parts);
    if (op->status != GNTST_okay || !parts)
        maptrack_unclaim(v->domain, op->handle, parts);
    else
        unmap_postpone(v, &m, op->handle, grant_kinds(parts | (m.flags & GNTMAP_readonly)));
}

/*
 * Moving another mapping into the place is not offered: without a new address it is a plain unmap.
 */
void grant_unmap_and_replace(struct vcpu *v, struct gnttab_unmap_and_replace *op)
{
    struct gnttab_unmap_grant_ref plain = { .host_addr = op->host_addr, .handle = op->handle };

    if (op->new_addr) {
        op->status = GNTST_general_error;
        return;
    }
    grant_unmap(v, &plain);
    op->status = plain.status;
}

/*
 * Death of the mapper. Entries in its page tables owned their references and gave them back when
 * the tables were released; the device parts' references are ours to drop.
 */
static void handle_release(struct domain *d, grant_handle_t handle)
{
    struct maptrack m;
    unsigned kinds;

    if (!maptrack_claim(d, handle, MAPTRACK_PARTS, &m))
        return;
    kinds = grant_kinds(m.flags);
    grant_pin_put(m.rd, m.ref, kinds, kinds & PINS_DEVICE);
    maptrack_end(d, handle);
}

/* A page of handles at a time from the top, given back when done: a restart goes on below it. */
int grant_table_release_mappings(struct domain *d)
{
    while (d->grants.nr_maptrack > 0) { /* no vCPU runs: nobody adds any */
        for (unsigned i = 1; i <= MAPTRACK_PER_PAGE; i++)
            handle_release(d, d->grants.nr_maptrack - i);
        maptrack_shrink(d);
        if (preempt_pending())
            return -ERESTART;
    }
    return 0;
}
