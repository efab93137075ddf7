/* SPDX-License-Identifier: MIT */
/*
 * Sending events, and looking at them: pending and mask bits of the 2-level ABI.
 *
 * The bits live in pages that the guest writes at any moment, so each change is one atomic
 * operation and nothing read there is trusted: a port is a number we know, never one found in the
 * page. An event goes up three levels, and each sender climbs only as far as it was the first:
 *
 *     port's pending bit -> (unless masked) selector bit of its word -> upcall pending -> kick
 *
 * The guest goes down the same way, clearing each level before it looks at the next, so an event is
 * seen by one side or the other. A sender that finds a bit set knows that somebody before it went
 * on from there.
 *
 * Hot path: a guest's send takes one lock, its own table's: the link to the peer changes only with
 * both held. Timers and device interrupts take none. They find their channel by a port number that
 * is published after the channel and withdrawn when it is freed; one that is on its way during a
 * close may leave a spurious event behind in the same domain, which every guest must bear anyway.
 */
#include "core/evtchn_table.h"
#include "core/sched.h"
#include "lib/bits.h"
#include "lib/errno.h"
#include "public/xen.h"
#include "sys/log.h"

static_assert(EVTCHNS_MAX / 64 == 64, "the selector has a bit per word of the pending map");

/* The second and third level. */
static void vcpu_mark_pending(struct vcpu *v, evtchn_port_t port)
{
    struct vcpu_info guest_shared *info = READ_ONCE(v->arch.info);

    if (atomic_bit_set(&info->evtchn_pending_sel, port / 64))
        return;
    if (atomic_xchg(&info->evtchn_upcall_pending, 1) == 0)
        vcpu_kick(v);
}

/* SCHEDOP_poll looks at the pending bits itself: wake it, whatever is masked. */
static void pollers_wake(struct domain *d)
{
    for_each_vcpu(d, v) {
        if (READ_ONCE(v->polling))
            sched_unblock(v);
    }
}

void evtchn_notify(struct domain *d, const struct evtchn *chn, evtchn_port_t port)
{
    struct vcpu *v = d->vcpu[READ_ONCE(chn->vcpu)];

    if (atomic_bit_set(d->shared->evtchn_pending, port))
        return;
    if (v && !bit_test(d->shared->evtchn_mask, port))
        vcpu_mark_pending(v, port);
    pollers_wake(d);
}

int evtchn_send(struct domain *d, evtchn_port_t port)
{
    const struct evtchn *chn;
    int rc = 0;

    lock_take(&d->events.lock);
    chn = evtchn_lookup(d, port);
    switch (chn ? chn->state : EVTCHN_FREE) {
    case EVTCHN_INTERDOMAIN: {
        struct domain *rd = chn->interdomain.remote;

        evtchn_notify(rd, evtchn_lookup(rd, chn->interdomain.port), chn->interdomain.port);
        break;
    }
    case EVTCHN_IPI:
        evtchn_notify(d, chn, port);
        break;
    case EVTCHN_UNBOUND: /* nobody there yet: the ABI drops it */
        break;
    default:
        rc = -EINVAL;
    }
    lock_drop(&d->events.lock);
    return rc;
}

/* Notify a port found without a lock; it may have been closed, or even reused, by now. */
static bool notify_unlocked(struct domain *d, evtchn_port_t port)
{
    const struct evtchn *chn = port ? evtchn_lookup(d, port) : NULL;

    if (!chn)
        return false;
    evtchn_notify(d, chn, port);
    return true;
}

void evtchn_send_virq(struct vcpu *v, uint32_t virq)
{
    ASSERT(virq < NR_VIRQS && virq_class(virq) == VIRQ_PER_VCPU);
    notify_unlocked(v->domain, READ_ONCE(v->virq_port[virq]));
}

void evtchn_send_global_virq(struct domain *d, uint32_t virq)
{
    ASSERT(virq < NR_VIRQS && virq_class(virq) != VIRQ_PER_VCPU);
    if (d && d->vcpu[0])
        notify_unlocked(d, READ_ONCE(d->vcpu[0]->virq_port[virq]));
}

bool evtchn_send_pirq(struct domain *d, uint32_t pirq)
{
    const struct pirq *p = d->pirqs.pirq && pirq < PIRQS_MAX ? &d->pirqs.pirq[pirq] : NULL;

    return p && READ_ONCE(p->bound) && notify_unlocked(d, READ_ONCE(p->port));
}

/*
 * Unmask, and redeliver what arrived while masked: in this order, as a sender that came before the
 * mask went sees it set and leaves the rest to us.
 */
int evtchn_unmask(struct domain *d, evtchn_port_t port)
{
    const struct evtchn *chn;

    lock_take(&d->events.lock);
    chn = evtchn_lookup(d, port);
    if (chn && chn->state != EVTCHN_FREE) {
        struct vcpu *v = d->vcpu[chn->vcpu];

        if (atomic_bit_clear(d->shared->evtchn_mask, port) &&
            bit_test(d->shared->evtchn_pending, port) && v)
            vcpu_mark_pending(v, port);
    }
    lock_drop(&d->events.lock);
    return chn ? 0 : -EINVAL;
}

int evtchn_is_pending(struct domain *d, evtchn_port_t port)
{
    if (!evtchn_lookup(d, port))
        return -EINVAL;
    return bit_test(d->shared->evtchn_pending, port);
}
