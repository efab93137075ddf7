/* SPDX-License-Identifier: MIT */
/*
 * Event channels: two domains, one vCPU each on its own CPU, with as many ports as PORTS says;
 * every way to bind, notify, move, unmask, close and reset, in all orders and at the same time.
 */
#include "search.h"

#include <stdio.h>
#include <string.h>

#include "core/evtchn_table.h"
#include "core/sched.h"

#ifndef PORTS
#define PORTS 2
#endif

enum kind { ALLOC, JOIN, IPI, VIRQ, CLOSE, SEND, UNMASK, MASK, CONSUME, RESET };
static const unsigned nr_of[] = { 2, 2 * PORTS, 1, 1, PORTS, PORTS, PORTS, PORTS, 1, 1 };
#define NR_EACH (2 + 2 * PORTS + 1 + 1 + 4 * PORTS + 1 + 1)

static struct domain *domain[2];

static struct domain *domain_of(domid_t id)
{
    return container_of(mm_account_of_slot(id), struct domain, mm);
}

static void start(void)
{
    for (domid_t id = 0; id < SIM_DOMAINS; id++)
        for (unsigned i = 0; i < SIM_VCPUS; i++)
            if (id == 0 || i > 0)
                vcpu_pause_nosync(domain_of(id)->vcpu[i], VCPU_PAUSED_DOWN);
    for (unsigned i = 0; i < 2; i++) {
        domain[i] = domain_of((domid_t)(i + 1));
        domain[i]->events.limit = PORTS + 1;
        if (sched_set_affinity(domain[i]->vcpu[0], UINT64_C(1) << i, ~UINT64_C(0)))
            __builtin_trap();
    }
}

static enum kind kind_of(unsigned *op)
{
    enum kind kind = ALLOC;

    *op %= NR_EACH;
    while (*op >= nr_of[kind])
        *op -= nr_of[kind++];
    return kind;
}

static unsigned cpu(unsigned op)
{
    return op / NR_EACH;
}

static void run(unsigned op, struct vcpu *v)
{
    unsigned who = op / NR_EACH;
    struct domain *d = domain[who], *other = domain[!who];
    enum kind kind = kind_of(&op);
    evtchn_port_t port = 1 + op % PORTS;

    switch (kind) {
    case ALLOC:
        (void)!evtchn_alloc_unbound(d, op ? d->id : other->id, &port);
        break;
    case JOIN:
        (void)!evtchn_bind_interdomain(d, op / PORTS ? d->id : other->id, 1 + op % PORTS, &port);
        break;
    case IPI:
        (void)!evtchn_bind_ipi(d, 0, &port);
        break;
    case VIRQ:
        (void)!evtchn_bind_virq(d, VIRQ_TIMER, 0, &port);
        break;
    case CLOSE:
        (void)!evtchn_close(d, port);
        break;
    case SEND:
        (void)!evtchn_send(d, port);
        break;
    case UNMASK:
        (void)!evtchn_unmask(d, port);
        break;
    case MASK:
        d->shared->evtchn_mask[0] |= UINT64_C(1) << port;
        break;
    case CONSUME:
        d->shared->evtchn_pending[0] = 0;
        v->arch.info->evtchn_upcall_pending = 0;
        v->arch.info->evtchn_pending_sel = 0;
        break;
    default:
        (void)!evtchn_reset(d);
    }
}

static void print(unsigned op, char *out, size_t max)
{
    static const char *const name[] = { "evtchn_alloc_unbound",
                                        "evtchn_bind_interdomain",
                                        "evtchn_bind_ipi",
                                        "evtchn_bind_virq",
                                        "evtchn_close",
                                        "evtchn_send",
                                        "evtchn_unmask",
                                        "mask",
                                        "consume",
                                        "evtchn_reset" };
    unsigned who = op / NR_EACH;
    enum kind kind = kind_of(&op);

    snprintf(out, max, "%s(d%u, %u);", name[kind], who + 1, op);
}

static size_t observe(uint8_t out[OBSERVED_MAX])
{
    uint8_t *at = out;

    for (unsigned i = 0; i < 2; i++) {
        const struct domain *d = domain[i];
        const struct vcpu_info *info = d->vcpu[0]->arch.info;

        for (evtchn_port_t port = 1; port <= PORTS; port++) {
            const struct evtchn *chn = evtchn_lookup(d, port);

            *at++ = chn->state;
            *at++ = (uint8_t)chn->vcpu;
            *at++ = chn->state == EVTCHN_UNBOUND ? (uint8_t)chn->unbound.remote : 0;
            *at++ = chn->state == EVTCHN_INTERDOMAIN ? (uint8_t)chn->interdomain.remote->id : 0;
            *at++ = chn->state == EVTCHN_INTERDOMAIN ? (uint8_t)chn->interdomain.port : 0;
        }
        *at++ = (uint8_t)d->shared->evtchn_pending[0];
        *at++ = (uint8_t)d->shared->evtchn_mask[0];
        *at++ = info->evtchn_upcall_pending;
        *at++ = (uint8_t)info->evtchn_pending_sel;
        *at++ = (uint8_t)d->vcpu[0]->virq_port[VIRQ_TIMER];
    }
    return (size_t)(at - out);
}

/* A port that is free has nothing pending: who gets it next starts without a stale event. */
static bool promise(void)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct vcpu_info *info = domain[i]->vcpu[0]->arch.info;
        uint64_t pending = domain[i]->shared->evtchn_pending[0];
        uint64_t masked = domain[i]->shared->evtchn_mask[0];

        for (evtchn_port_t port = 1; port <= PORTS; port++)
            if (evtchn_lookup(domain[i], port)->state == EVTCHN_FREE && (pending >> port & 1))
                return false;
        /* What is pending and not masked has been told: no event is lost. */
        if ((pending & ~masked) && !(info->evtchn_upcall_pending && info->evtchn_pending_sel))
            return false;
    }
    return true;
}

/* A port is closed while an event waits on it. */
static void close_pending(void)
{
    search_step(0);                       /* evtchn_alloc_unbound(d1, 0); */
    search_step(NR_EACH + 2);             /* evtchn_bind_interdomain(d2, 0); */
    search_step(4 + 3 * PORTS);           /* evtchn_send(d1, 0) */
    search_step(NR_EACH + 4 + 2 * PORTS); /* evtchn_close(d2, 0); */
}

int main(int argc, char **argv)
{
    static void (*const tests[])(void) = { close_pending, NULL };
    static const struct model model = { .name = "event channels",
                                        .start = start,
                                        .nr_ops = 2 * NR_EACH,
                                        .cpu = cpu,
                                        .run = run,
                                        .print = print,
                                        .observe = observe,
                                        .promise = promise,
                                        .tests = tests };

    return search_main(&model, argc, argv);
}
