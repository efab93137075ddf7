/* SPDX-License-Identifier: MIT */
/*
 * Binding event channels: a port gets its source of notifications, or another vCPU to notify.
 *
 * Each operation checks everything with the locks held and then fills the channel in, which cannot
 * fail. A new port notifies vCPU 0 unless its kind names a vCPU.
 */
#include "core/evtchn_table.h"
#include "lib/bits.h"
#include "lib/errno.h"
#include "public/xen.h"
#include "sys/log.h"

/* DOMID_SELF means whoever calls, also when dom0 allocates in another domain's table. */
static domid_t caller_resolve(domid_t id)
{
    return id == DOMID_SELF ? current->domain->id : id;
}

int evtchn_alloc_unbound(struct domain *d, domid_t remote, evtchn_port_t *port)
{
    int rc;

    lock_take(&d->events.lock);
    rc = evtchn_find_free(d, port);
    if (!rc) {
        struct evtchn *chn = evtchn_lookup(d, *port);

        chn->state = EVTCHN_UNBOUND;
        chn->unbound.remote = caller_resolve(remote);
    }
    lock_drop(&d->events.lock);
    return rc;
}

/* Both tables locked: may d join rd's port, and with which port of its own? */
static int join_check(struct domain *d, struct domain *rd, evtchn_port_t remote_port,
                      evtchn_port_t *port)
{
    const struct evtchn *chn;
    int rc = evtchn_find_free(d, port);

    if (rc)
        return rc;
    chn = evtchn_lookup(rd, remote_port);
    if (!chn || chn->state != EVTCHN_UNBOUND || chn->unbound.remote != d->id)
        return -EINVAL;
    return 0;
}

static void join_commit(struct domain *d, evtchn_port_t port, struct domain *rd,
                        evtchn_port_t remote_port)
{
    struct evtchn *chn = evtchn_lookup(d, port), *peer = evtchn_lookup(rd, remote_port);

    chn->state = EVTCHN_INTERDOMAIN;
    chn->interdomain.remote = rd;
    chn->interdomain.port = remote_port;
    peer->state = EVTCHN_INTERDOMAIN;
    peer->interdomain.remote = d;
    peer->interdomain.port = port;
    /* What the other end sent while nobody was bound is lost: make the newcomer look once. */
    evtchn_notify(d, chn, port);
}

int evtchn_bind_interdomain(struct domain *d, domid_t remote, evtchn_port_t remote_port,
                            evtchn_port_t *port)
{
    struct domain *rd = domain_get(remote == DOMID_SELF ? d->id : remote);
    int rc;

    if (!rd)
        return -ESRCH;
    evtchn_lock_pair(d, rd);
    rc = join_check(d, rd, remote_port, port);
    if (!rc)
        join_commit(d, *port, rd, remote_port);
    evtchn_unlock_pair(d, rd);
    domain_put(rd);
    return rc;
}

enum virq_class virq_class(uint32_t virq)
{
    switch (virq) {
    case VIRQ_TIMER:
    case VIRQ_DEBUG:
    case VIRQ_XENOPROF:
    case VIRQ_XENPMU:
        return VIRQ_PER_VCPU;
    case VIRQ_CONSOLE:
    case VIRQ_DOM_EXC:
    case VIRQ_TBUF:
    case VIRQ_DEBUGGER:
    case VIRQ_CON_RING:
    case VIRQ_PCPU_STATE:
    case VIRQ_MEM_EVENT:
    case VIRQ_ENOMEM:
    case VIRQ_ARCH_0:
        return VIRQ_GLOBAL_CONTROL;
    default:
        return VIRQ_GLOBAL;
    }
}

static int virq_check(const struct domain *d, uint32_t virq, uint32_t vcpu)
{
    enum virq_class class;

    if (virq >= NR_VIRQS)
        return -EINVAL;
    class = virq_class(virq);
    if (class != VIRQ_PER_VCPU && vcpu != 0)
        return -EINVAL;
    if (class == VIRQ_GLOBAL_CONTROL && !d->is_control)
        return -EPERM;
    return 0;
}

int evtchn_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu, evtchn_port_t *port)
{
    int rc = virq_check(d, virq, vcpu);
    struct vcpu *v;

    if (rc)
        return rc;
    v = vcpu_by_id(d, vcpu);
    if (!v)
        return -ENOENT;
    lock_take(&d->events.lock);
    rc = v->virq_port[virq] ? -EEXIST : evtchn_find_free(d, port);
    if (!rc) {
        struct evtchn *chn = evtchn_lookup(d, *port);

        chn->state = EVTCHN_VIRQ;
        chn->vcpu = v->id;
        chn->virq = (uint16_t)virq;
        /* From here on the VIRQ is sent, without the lock: the channel is complete by now. */
        store_barrier();
        WRITE_ONCE(v->virq_port[virq], *port);
    }
    lock_drop(&d->events.lock);
    return rc;
}

int evtchn_bind_ipi(struct domain *d, uint32_t vcpu, evtchn_port_t *port)
{
    struct vcpu *v = vcpu_by_id(d, vcpu);
    int rc;

    if (!v)
        return -ENOENT;
    lock_take(&d->events.lock);
    rc = evtchn_find_free(d, port);
    if (!rc) {
        struct evtchn *chn = evtchn_lookup(d, *port);

        chn->state = EVTCHN_IPI;
        chn->vcpu = v->id;
    }
    lock_drop(&d->events.lock);
    return rc;
}

/*
 * The channel is filled in before pirq_bind(), since an interrupt may arrive at once, and emptied
 * again if that refuses: nobody else can see it under the lock.
 */
static int pirq_port_bind(struct domain *d, uint32_t pirq, bool share, evtchn_port_t port)
{
    struct evtchn *chn = evtchn_lookup(d, port);
    int rc;

    chn->state = EVTCHN_PIRQ;
    chn->pirq = (uint16_t)pirq;
    rc = pirq_bind(d, pirq, port, share);
    if (rc)
        *chn = (struct evtchn){ .state = EVTCHN_FREE };
    return rc;
}

int evtchn_bind_pirq(struct domain *d, uint32_t pirq, uint32_t flags, evtchn_port_t *port)
{
    int rc;

    if (pirq >= PIRQS_MAX)
        return -EINVAL;
    if (!d->pirqs.pirq)
        return -EPERM; /* a domain without interrupts */
    lock_take(&d->events.lock);
    rc = d->pirqs.pirq[pirq].bound ? -EEXIST : evtchn_find_free(d, port);
    if (!rc)
        rc = pirq_port_bind(d, pirq, flags & BIND_PIRQ__WILL_SHARE, *port);
    lock_drop(&d->events.lock);
    return rc;
}

/* Only the sources that do not belong to one vCPU by their nature may move. */
static bool may_move(const struct evtchn *chn)
{
    switch (chn->state) {
    case EVTCHN_UNBOUND:
    case EVTCHN_INTERDOMAIN:
    case EVTCHN_PIRQ:
        return true;
    case EVTCHN_VIRQ:
        return virq_class(chn->virq) != VIRQ_PER_VCPU;
    default:
        return false;
    }
}

int evtchn_bind_vcpu(struct domain *d, evtchn_port_t port, uint32_t vcpu)
{
    const struct vcpu *v = vcpu_by_id(d, vcpu);
    struct evtchn *chn;
    int rc = -EINVAL;

    if (!v)
        return -ENOENT;
    lock_take(&d->events.lock);
    chn = evtchn_lookup(d, port);
    if (chn && may_move(chn)) {
        rc = 0;
        WRITE_ONCE(chn->vcpu, v->id); /* senders hold the peer's lock, or none */
        if (chn->state == EVTCHN_PIRQ)
            pirq_set_cpu(d, chn->pirq, READ_ONCE(v->cpu));
    }
    lock_drop(&d->events.lock);
    return rc;
}
