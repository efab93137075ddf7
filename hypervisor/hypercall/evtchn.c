/* SPDX-License-Identifier: MIT */
/* event_channel_op: names of domains resolved, then down to core/evtchn.h. */
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"

long hc_evtchn_bind_interdomain(struct evtchn_bind_interdomain *op)
{
    return evtchn_bind_interdomain(current->domain, domid_resolve(op->remote_dom), op->remote_port,
                                   &op->local_port);
}

long hc_evtchn_bind_virq(struct evtchn_bind_virq *op)
{
    return evtchn_bind_virq(current->domain, op->virq, op->vcpu, &op->port);
}

long hc_evtchn_bind_pirq(struct evtchn_bind_pirq *op)
{
    return evtchn_bind_pirq(current->domain, op->pirq, op->flags, &op->port);
}

long hc_evtchn_bind_ipi(struct evtchn_bind_ipi *op)
{
    return evtchn_bind_ipi(current->domain, op->vcpu, &op->port);
}

long hc_evtchn_close(struct evtchn_close *op)
{
    return evtchn_close(current->domain, op->port);
}

long hc_evtchn_send(struct evtchn_send *op)
{
    return evtchn_send(current->domain, op->port);
}

long hc_evtchn_bind_vcpu(struct evtchn_bind_vcpu *op)
{
    return evtchn_bind_vcpu(current->domain, op->port, op->vcpu);
}

long hc_evtchn_unmask(struct evtchn_unmask *op)
{
    return evtchn_unmask(current->domain, op->port);
}

long hc_evtchn_alloc_unbound(struct evtchn_alloc_unbound *op)
{
    struct domain *d;
    long ret = target_get(op->dom, &d);

    if (ret)
        return ret;
    ret = evtchn_alloc_unbound(d, domid_resolve(op->remote_dom), &op->port);
    target_put(d);
    return ret;
}

long hc_evtchn_status(struct evtchn_status *op)
{
    struct domain *d;
    long ret = target_get(op->dom, &d);

    if (ret)
        return ret;
    ret = evtchn_status(d, op->port, op);
    target_put(d);
    return ret;
}

long hc_evtchn_reset(struct evtchn_reset *op)
{
    struct domain *d;
    long ret = target_get(op->dom, &d);

    if (ret)
        return ret;
    ret = evtchn_reset(d);
    target_put(d);
    return ret;
}
