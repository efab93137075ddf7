/* SPDX-License-Identifier: MIT */
/*
 * What can be learnt of an event channel (status), and where a vCPU's own event bytes live: the
 * vcpu_info, in the shared info page at first, in a frame of the guest's choice once registered.
 *
 * A registered frame is held by a writable type reference until the domain's events are destroyed:
 * it cannot become a page table under the bytes we write.
 */
#include "core/evtchn_table.h"
#include "core/time.h"
#include "lib/bits.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/guest.h"
#include "mm/page.h"
#include "public/xen.h"
#include "sys/log.h"

/* out was cleared: fields that a state does not use stay 0, never what the stack held. */
static void status_fill(const struct evtchn *chn, struct evtchn_status *out)
{
    switch (chn->state) {
    case EVTCHN_UNBOUND:
        out->status = EVTCHNSTAT_unbound;
        out->u.unbound.dom = chn->unbound.remote;
        break;
    case EVTCHN_INTERDOMAIN:
        out->status = EVTCHNSTAT_interdomain;
        out->u.interdomain.dom = chn->interdomain.remote->id;
        out->u.interdomain.port = chn->interdomain.port;
        break;
    case EVTCHN_PIRQ:
        out->status = EVTCHNSTAT_pirq;
        out->u.pirq = chn->pirq;
        break;
    case EVTCHN_VIRQ:
        out->status = EVTCHNSTAT_virq;
        out->u.virq = chn->virq;
        break;
    case EVTCHN_IPI:
        out->status = EVTCHNSTAT_ipi;
        break;
    default:
        out->status = EVTCHNSTAT_closed;
    }
    out->vcpu = chn->vcpu;
}

int evtchn_status(struct domain *d, evtchn_port_t port, struct evtchn_status *out)
{
    const struct evtchn *chn;
    domid_t dom = out->dom;

    memset(out, 0, sizeof(*out));
    out->dom = dom;
    out->port = port;
    lock_take(&d->events.lock);
    chn = evtchn_lookup(d, port);
    if (chn)
        status_fill(chn, out);
    lock_drop(&d->events.lock);
    return chn ? 0 : -EINVAL;
}

/* The new place starts as a copy of the old one. */
static void info_move(struct vcpu *v, struct vcpu_info guest_shared *to)
{
    /* The guest's bytes are carried from one page of its to another; we do not look at them. */
    memcpy((void unshared *)to, (const void unshared *)v->arch.info, sizeof(*to));
    store_barrier();
    WRITE_ONCE(v->arch.info, to);
    /*
     * A sender may have used the old place until now, but it set its port's pending bit before it
     * looked which place to use. So whatever we may have missed is found by a full scan: ask for
     * it.
     */
    memory_barrier();
    atomic_write(&to->evtchn_pending_sel, UINT64_MAX);
    atomic_write(&to->evtchn_upcall_pending, 1);
}

int vcpu_register_info(struct vcpu *v, mfn_t mfn, unsigned offset)
{
    struct domain *d = v->domain;
    int rc;

    if (offset > PAGE_SIZE - sizeof(struct vcpu_info) ||
        offset % __alignof__(struct vcpu_info) != 0)
        return -EINVAL;
    /* A running vCPU uses the old place while it moves: only oneself, or one that is down. */
    if (v != current && !(READ_ONCE(v->paused) & VCPU_PAUSED_DOWN))
        return -EINVAL;
    lock_take(&d->events.lock);
    rc = mfn_eq(v->info_mfn, MFN_INVALID) ? frame_get(&d->mm, mfn, PT_WRITABLE) : -EINVAL;
    if (!rc) {
        WRITE_ONCE(v->info_mfn.v, mfn_x(mfn));
        info_move(v, (void guest_shared *)((char guest_shared *)shared_map(mfn) + offset));
    }
    lock_drop(&d->events.lock);
    if (!rc) {
        time_update_vcpu(v);
        vcpu_kick(v);
    }
    return rc;
}

void vcpu_drop_info(struct vcpu *v)
{
    struct domain *d = v->domain;
    mfn_t mfn = v->info_mfn;

    if (mfn_eq(mfn, MFN_INVALID))
        return;
    v->arch.info = vcpu_first_info(v);
    WRITE_ONCE(v->info_mfn.v, mfn_x(MFN_INVALID));
    frame_put(&d->mm, mfn);
}
