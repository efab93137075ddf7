/* SPDX-License-Identifier: MIT */
/*
 * Device interrupts on their way to a domain: vector -> pirq -> event channel. A pirq is mapped (it
 * names a GSI or an MSI), gets a vector, and is bound to an event channel, which opens it. Level
 * inputs arrive masked by the machine layer and stay so until the guest's end-of-interrupt; edges
 * and messages are never held back, an event channel collapses them anyway.
 *
 * One lock per domain's table guards its pirqs; the vector table is written only while the vector
 * cannot fire. An interrupt reads both without a lock: what it may see of a pirq being unbound is
 * an event too many or, if it is closed already, none.
 */
#include "core/irq.h"

#include "core/domain.h"
#include "lib/bits.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "mm/guest.h"
#include "sys/log.h"
#include "x86/upcall.h"

#define ISA_GSIS 16 /* edge-triggered, active high, unless the guest says otherwise */

static struct {
    struct vector_target {
        struct domain *domain; /* NULL: nobody's */
        uint16_t pirq;
    } target[256];
} vectors;

static struct pirq *pirq_at(struct domain *d, unsigned pirq)
{
    return d->pirqs.pirq && pirq < PIRQS_MAX ? &d->pirqs.pirq[pirq] : NULL;
}

/* ---- arrival and end ----------------------------------------------------------------------- */

void upcall_interrupt(uint8_t vector)
{
    struct domain *d = READ_ONCE(vectors.target[vector].domain);
    unsigned pirq = READ_ONCE(vectors.target[vector].pirq);
    struct pirq *p;

    if (!d) {
        log_debug("vector %x is nobody's", vector);
        return;
    }
    p = &d->pirqs.pirq[pirq];
    /* Before the event: the guest may end the interrupt on another CPU at once. */
    if (p->level)
        atomic_write(&p->needs_eoi, true);
    /* Not bound: a level input stays masked, which is what an unbound one should be. */
    (void)evtchn_send_pirq(d, pirq);
}

int pirq_eoi(struct domain *d, unsigned pirq)
{
    struct pirq *p = pirq_at(d, pirq);

    if (pirq >= PIRQS_MAX)
        return -EINVAL;
    if (!p)
        return 0;
    if (d->pirqs.auto_unmask && p->bound) {
        int rc = evtchn_unmask(d, p->port);

        if (rc)
            return rc;
    }
    lock_take(&d->pirqs.lock);
    if (atomic_xchg(&p->needs_eoi, false) && p->bound)
        machine_gsi_unmask(p->gsi);
    lock_drop(&d->pirqs.lock);
    return 0;
}

/* ---- the page that says which pirqs need the end-of-interrupt call ------------------------- */

static void eoi_page_note(struct domain *d, unsigned pirq)
{
    if (!d->pirqs.eoi_map)
        return;
    if (d->pirqs.pirq[pirq].level)
        (void)atomic_bit_set(d->pirqs.eoi_map, pirq);
    else
        (void)atomic_bit_clear(d->pirqs.eoi_map, pirq);
}

int pirq_set_eoi_page(struct domain *d, uint64_t gmfn, bool auto_unmask)
{
    mfn_t mfn = _mfn(gmfn);
    bool is_set;

    if (frame_get(&d->mm, mfn, PT_WRITABLE))
        return -EINVAL;
    lock_take(&d->pirqs.lock);
    is_set = d->pirqs.eoi_map != NULL;
    if (!is_set) {
        WRITE_ONCE(d->pirqs.eoi_mfn.v, mfn_x(mfn));
        d->pirqs.eoi_map = shared_map(mfn);
        d->pirqs.auto_unmask = auto_unmask;
        machine_clear_frame(mfn);
        for (unsigned i = 0; d->pirqs.pirq && i < PIRQS_MAX; i++)
            eoi_page_note(d, i);
    }
    lock_drop(&d->pirqs.lock);
    if (is_set)
        frame_put(&d->mm, mfn);
    return is_set ? -EBUSY : 0;
}

/* ---- vectors and routes: table lock held --------------------------------------------------- */

static int vector_get(struct domain *d, unsigned pirq)
{
    struct pirq *p = &d->pirqs.pirq[pirq];
    int vector;

    if (p->vector)
        return p->vector;
    vector = machine_vector_alloc();
    if (vector < 0)
        return vector;
    WRITE_ONCE(vectors.target[vector].pirq, (uint16_t)pirq);
    store_barrier();
    WRITE_ONCE(vectors.target[vector].domain, d);
    p->vector = (uint8_t)vector;
    return vector;
}

static void vector_put(struct pirq *p)
{
    if (!p->vector)
        return;
    WRITE_ONCE(vectors.target[p->vector].domain, NULL);
    machine_vector_free(p->vector);
    p->vector = 0;
}

static void pirq_mask(struct pirq *p, bool masked)
{
    if (p->kind == PIRQ_MSI)
        machine_msi_mask(&p->msi, masked);
    else if (masked)
        machine_gsi_mask(p->gsi);
    else
        machine_gsi_unmask(p->gsi);
}

/* Send the interrupt of a pirq that has a vector to `cpu`; it is masked afterwards. */
static int pirq_route(struct pirq *p, unsigned cpu)
{
    if (p->kind == PIRQ_GSI)
        return machine_gsi_route(p->gsi, p->vector, p->level, p->low, cpu);
    return machine_msi_setup(&p->msi, p->vector, cpu);
}

/* ---- mapping ------------------------------------------------------------------------------- */

int pirq_setup_gsi(struct domain *d, unsigned gsi, bool level, bool low)
{
    struct pirq *p = pirq_at(d, gsi);

    if (gsi >= machine_nr_gsis() || gsi >= PIRQS_MAX)
        return -EINVAL;
    if (!p)
        return -EPERM;
    if (machine_gsi_reserved(gsi))
        return -EEXIST;
    lock_take(&d->pirqs.lock);
    /* A bound input keeps its mode: the device behind it is in use. */
    if (!p->bound) {
        p->level = level;
        p->low = low;
        p->configured = true;
        eoi_page_note(d, gsi);
    }
    lock_drop(&d->pirqs.lock);
    return 0;
}

int pirq_map_gsi(struct domain *d, unsigned gsi, int *pirq)
{
    struct pirq *p = pirq_at(d, gsi);

    if (gsi >= machine_nr_gsis() || gsi >= PIRQS_MAX || (*pirq >= 0 && (unsigned)*pirq != gsi))
        return -EINVAL;
    if (!p)
        return -EPERM;
    lock_take(&d->pirqs.lock);
    if (p->kind == PIRQ_NONE) {
        p->kind = PIRQ_GSI;
        p->gsi = (uint16_t)gsi;
        if (!p->configured)
            p->level = p->low = gsi >= ISA_GSIS;
        eoi_page_note(d, gsi);
    }
    lock_drop(&d->pirqs.lock);
    *pirq = (int)gsi;
    return 0;
}

/* Numbers for messages come from the top, above all GSIs. */
static int number_find(struct domain *d)
{
    for (unsigned i = PIRQS_MAX; i > machine_nr_gsis();) {
        const struct pirq *p = &d->pirqs.pirq[--i];

        if (p->kind == PIRQ_NONE && !p->reserved)
            return (int)i;
    }
    return -ENOSPC;
}

/* The number to use: the one asked for, if it is free, or any. */
static int number_choose(struct domain *d, int wanted)
{
    if (wanted < 0)
        return number_find(d);
    if (wanted >= PIRQS_MAX || (unsigned)wanted < machine_nr_gsis())
        return -EINVAL;
    return d->pirqs.pirq[wanted].kind == PIRQ_NONE ? wanted : -EEXIST;
}

/* Table lock held: d's pirq that stands for this very message, or NULL. */
static struct pirq *message_find(struct domain *d, const struct machine_msi *msi)
{
    for (unsigned i = 0; i < PIRQS_MAX; i++) {
        struct pirq *p = &d->pirqs.pirq[i];

        if (p->kind == PIRQ_MSI && p->msi.seg == msi->seg && p->msi.bus == msi->bus &&
            p->msi.devfn == msi->devfn && p->msi.is_msix == msi->is_msix &&
            p->msi.entry == msi->entry)
            return p;
    }
    return NULL;
}

/* Table lock held: make the free number n stand for the message. */
static int message_attach(struct domain *d, unsigned n, const struct machine_msi *msi)
{
    struct pirq *p = &d->pirqs.pirq[n];
    int rc;

    *p = (struct pirq){ .kind = PIRQ_MSI, .msi = *msi };
    rc = vector_get(d, n);
    if (rc >= 0)
        rc = pirq_route(p, 0);
    if (rc < 0) {
        vector_put(p);
        *p = (struct pirq){ .kind = PIRQ_NONE };
        return rc;
    }
    eoi_page_note(d, n);
    return 0;
}

int pirq_map_msi(struct domain *d, const struct machine_msi *msi, int *pirq)
{
    int rc;

    if (!d->pirqs.pirq)
        return -EPERM;
    lock_take(&d->pirqs.lock);
    rc = message_find(d, msi) ? -EEXIST : number_choose(d, *pirq);
    if (rc >= 0) {
        *pirq = rc;
        rc = message_attach(d, (unsigned)rc, msi);
    }
    lock_drop(&d->pirqs.lock);
    return rc;
}

int pirq_unmap(struct domain *d, int pirq)
{
    struct pirq *p = pirq < 0 ? NULL : pirq_at(d, (unsigned)pirq);
    int rc = 0;

    if (!p)
        return -EINVAL;
    lock_take(&d->pirqs.lock);
    if (p->kind == PIRQ_NONE) {
        rc = -EINVAL;
    } else if (p->bound) {
        rc = -EBUSY;
    } else {
        pirq_mask(p, true);
        if (p->kind == PIRQ_MSI)
            machine_msi_teardown(&p->msi);
        vector_put(p);
        *p = (struct pirq){ .kind = PIRQ_NONE };
    }
    lock_drop(&d->pirqs.lock);
    return rc;
}

int pirq_alloc_vector(struct domain *d, unsigned pirq)
{
    struct pirq *p = pirq_at(d, pirq);
    int rc;

    if (!p)
        return -EINVAL;
    lock_take(&d->pirqs.lock);
    rc = p->kind == PIRQ_NONE ? -EINVAL : vector_get(d, pirq);
    lock_drop(&d->pirqs.lock);
    return rc;
}

int pirq_status(struct domain *d, unsigned pirq, uint32_t *flags)
{
    const struct pirq *p = pirq_at(d, pirq);

    if (pirq >= PIRQS_MAX)
        return -EINVAL;
    *flags = 0;
    if (p && p->level)
        *flags |= XENIRQSTAT_needs_eoi;
    if (p && p->shared)
        *flags |= XENIRQSTAT_shared;
    return 0;
}

int pirq_get_free(struct domain *d, int *pirq)
{
    int rc;

    if (!d->pirqs.pirq)
        return -EPERM;
    lock_take(&d->pirqs.lock);
    rc = number_find(d);
    if (rc >= 0)
        d->pirqs.pirq[rc].reserved = true;
    lock_drop(&d->pirqs.lock);
    *pirq = rc;
    return MIN(rc, 0);
}

/* ---- binding: called with the event lock held ---------------------------------------------- */

int pirq_bind(struct domain *d, unsigned pirq, evtchn_port_t port, bool share)
{
    struct pirq *p = pirq_at(d, pirq);
    int rc;

    if (!p)
        return -EINVAL;
    lock_take(&d->pirqs.lock);
    if (p->kind == PIRQ_NONE)
        rc = -EINVAL;
    else if (p->bound)
        rc = -EEXIST;
    else
        rc = vector_get(d, pirq);
    /* A message got its route when it was mapped. */
    if (rc > 0)
        rc = p->kind == PIRQ_GSI ? pirq_route(p, 0) : 0;
    if (!rc) {
        p->port = port;
        p->shared = share;
        atomic_write(&p->needs_eoi, false);
        atomic_write(&p->bound, true);
        eoi_page_note(d, pirq);
        pirq_mask(p, false);
    }
    lock_drop(&d->pirqs.lock);
    return rc;
}

void pirq_unbind(struct domain *d, unsigned pirq)
{
    struct pirq *p = pirq_at(d, pirq);

    ASSERT(p); /* it has a port */
    lock_take(&d->pirqs.lock);
    pirq_mask(p, true);
    atomic_write(&p->bound, false);
    atomic_write(&p->needs_eoi, false);
    p->port = 0;
    lock_drop(&d->pirqs.lock);
}

void pirq_set_cpu(struct domain *d, unsigned pirq, unsigned cpu)
{
    struct pirq *p = pirq_at(d, pirq);

    ASSERT(p); /* it has a port */
    lock_take(&d->pirqs.lock);
    /* An edge that comes while its input is masked for the change would be lost: leave those. */
    if (p->bound && p->vector && (p->kind == PIRQ_MSI || p->level)) {
        int rc = pirq_route(p, cpu);

        if (rc)
            log_warning("pirq %u stays where it is: error %d", pirq, rc);
        if (!atomic_read(&p->needs_eoi))
            pirq_mask(p, false);
    }
    lock_drop(&d->pirqs.lock);
}

/* ---- life cycle ---------------------------------------------------------------------------- */

int pirq_table_init(struct domain *d)
{
    lock_init(&d->pirqs.lock, LOCK_IRQ);
    WRITE_ONCE(d->pirqs.eoi_mfn.v, mfn_x(MFN_INVALID));
    if (!d->is_control)
        return 0;
    d->pirqs.pirq = heap_alloc(PIRQS_MAX * sizeof(struct pirq));
    return d->pirqs.pirq ? 0 : -ENOMEM;
}

/* Only the control domain, which lives for ever, has pirqs. */
void pirq_table_destroy(struct domain *d)
{
    mfn_t mfn = d->pirqs.eoi_mfn;

    d->pirqs.eoi_map = NULL;
    WRITE_ONCE(d->pirqs.eoi_mfn.v, mfn_x(MFN_INVALID));
    if (!mfn_eq(mfn, MFN_INVALID))
        frame_put(&d->mm, mfn);
}

void pirq_print(struct domain *d)
{
    for (unsigned i = 0; d->pirqs.pirq && i < PIRQS_MAX; i++) {
        const struct pirq *p = &d->pirqs.pirq[i];

        if (p->kind != PIRQ_NONE && p->vector)
            log_error("  pirq %u: %s vector %02x %s%s%s port %u", i,
                      p->kind == PIRQ_GSI ? "gsi" : "msi", p->vector, p->level ? "level" : "edge",
                      p->bound ? " bound" : "", p->needs_eoi ? " needs eoi" : "", p->port);
    }
}
