/* SPDX-License-Identifier: MIT */
/*
 * Event channels: two domains, one vCPU each on its own CPU, with as many ports as PORTS says;
 * every way to bind, notify, unmask, close and reset, in all orders and at the same time. What is
 * pending and masked belongs to no state, as guests write it: an operation is tried with each
 * combination of both bits at the port that it names and at that port's peer, with the other ports
 * quiet and with all of them pending and masked.
 */
#include "search.h"

#include <stdio.h>
#include <string.h>

#include "core/evtchn_table.h"
#include "core/sched.h"

#ifndef PORTS
#define PORTS 3
#endif

enum kind { ALLOC, JOIN, IPI, VIRQ, CLOSE, SEND, UNMASK, MASK, CONSUME, FIRE, RESET };
static const unsigned nr_of[] = { 2, 2 * PORTS, 1, 1, PORTS, PORTS, PORTS, PORTS, 1, 1, 1 };
#define NR_EACH   (2 + 2 * PORTS + 1 + 1 + 4 * PORTS + 1 + 1 + 1)
#define ALL_PORTS ((2u << PORTS) - 2) /* as bits: from port 1 on */

static struct domain *domain[2];

static void start(void)
{
    for (domid_t id = 0; id < SIM_DOMAINS; id++)
        for (unsigned i = 0; i < SIM_VCPUS; i++)
            if (id == 0 || i > 0)
                vcpu_pause_nosync(sim_domain(id)->vcpu[i], VCPU_PAUSED_DOWN);
    for (unsigned i = 0; i < 2; i++) {
        domain[i] = sim_domain((domid_t)(i + 1));
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
    case FIRE:
        evtchn_send_virq(d->vcpu[0], VIRQ_TIMER);
        break;
    default:
        (void)!evtchn_reset(d);
    }
}

/* ---- what guests have written ---------------------------------------------------------------- */

/* Ports of both domains, as bits. */
struct ports {
    uint64_t of[2];
};

/* The ports that the operation names. */
static struct ports named(unsigned op)
{
    unsigned who = op / NR_EACH;
    struct ports ports = { { 0, 0 } };

    switch (kind_of(&op)) {
    case JOIN:
        ports.of[op / PORTS ? who : !who] = UINT64_C(2) << op % PORTS;
        break;
    case CLOSE:
    case SEND:
    case UNMASK:
    case MASK:
        ports.of[who] = UINT64_C(2) << op;
        break;
    case FIRE:
        ports.of[who] = (UINT64_C(1) << domain[who]->vcpu[0]->virq_port[VIRQ_TIMER]) & ALL_PORTS;
        break;
    case CONSUME:
    case RESET:
        ports.of[who] = ALL_PORTS;
        break;
    default: /* the port is the first that is free */
        break;
    }
    return ports;
}

/* Those at the other end of them. */
static struct ports peers_of(struct ports from)
{
    struct ports to = { { 0, 0 } };

    for (unsigned i = 0; i < 2; i++) {
        for (evtchn_port_t port = 1; port <= PORTS; port++) {
            const struct evtchn *chn = evtchn_lookup(domain[i], port);

            if ((from.of[i] >> port & 1) && chn->state == EVTCHN_INTERDOMAIN)
                to.of[chn->interdomain.remote != domain[0]] |= UINT64_C(1) << chn->interdomain.port;
        }
    }
    return to;
}

static uint64_t free_ports(unsigned i)
{
    uint64_t ports = 0;

    for (evtchn_port_t port = 1; port <= PORTS; port++)
        if (evtchn_lookup(domain[i], port)->state == EVTCHN_FREE)
            ports |= UINT64_C(1) << port;
    return ports;
}

/* Bits of a scene's number. Told: the domain's vCPU knows that something is pending. */
enum {
    NAMED_PENDING = 1,
    NAMED_MASKED = 2,
    PEER_PENDING = 4,
    PEER_MASKED = 8,
    TOLD_FIRST = 16,
    TOLD_SECOND = 32,
    LOUD = 64,
    NR_SCENES = 128
};

static unsigned nr_scenes(unsigned op)
{
    (void)op;
    return NR_SCENES;
}

static bool is_told(unsigned i)
{
    const struct vcpu_info *info = domain[i]->vcpu[0]->arch.info;

    return info->evtchn_upcall_pending && info->evtchn_pending_sel;
}

/*
 * A port that is free has nothing pending: who gets it next starts without a stale event. What is
 * pending and not masked has been told: no event is lost.
 */
static bool promise(void)
{
    for (unsigned i = 0; i < 2; i++) {
        uint64_t pending = domain[i]->shared->evtchn_pending[0];
        uint64_t masked = domain[i]->shared->evtchn_mask[0];

        if ((pending & free_ports(i)) || ((pending & ~masked) && !is_told(i)))
            return false;
    }
    return true;
}

static void put(uint64_t *bits, uint64_t where, bool set)
{
    *bits = set ? *bits | where : *bits & ~where;
}

static bool scene(unsigned op, unsigned n)
{
    struct ports ports = named(op), peers = peers_of(ports);
    bool has_named = false, has_peers = false;

    for (unsigned i = 0; i < 2; i++) {
        struct vcpu_info *info = domain[i]->vcpu[0]->arch.info;
        uint64_t pending = n & LOUD ? ALL_PORTS : 0, masked = pending;

        peers.of[i] &= ~ports.of[i];
        put(&pending, peers.of[i], n & PEER_PENDING);
        put(&masked, peers.of[i], n & PEER_MASKED);
        put(&pending, ports.of[i], n & NAMED_PENDING);
        put(&masked, ports.of[i], n & NAMED_MASKED);
        domain[i]->shared->evtchn_pending[0] = pending & ~free_ports(i);
        domain[i]->shared->evtchn_mask[0] = masked;
        info->evtchn_upcall_pending = !!(n & TOLD_FIRST << i);
        info->evtchn_pending_sel = !!(n & TOLD_FIRST << i);
        has_named = has_named || ports.of[i];
        has_peers = has_peers || peers.of[i];
    }
    /* Each once, and only what can be. */
    return (has_named || !(n & (NAMED_PENDING | NAMED_MASKED))) &&
           (has_peers || !(n & (PEER_PENDING | PEER_MASKED))) && promise();
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
                                        "evtchn_send_virq",
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

        for (evtchn_port_t port = 1; port <= PORTS; port++) {
            const struct evtchn *chn = evtchn_lookup(d, port);

            *at++ = chn->state;
            *at++ = (uint8_t)chn->vcpu;
            *at++ = chn->state == EVTCHN_UNBOUND ? (uint8_t)chn->unbound.remote : 0;
            *at++ = chn->state == EVTCHN_INTERDOMAIN ? (uint8_t)chn->interdomain.remote->id : 0;
            *at++ = chn->state == EVTCHN_INTERDOMAIN ? (uint8_t)chn->interdomain.port : 0;
        }
        *at++ = (uint8_t)d->vcpu[0]->virq_port[VIRQ_TIMER];
    }
    return (size_t)(at - out);
}

/* A port is closed while an event waits on it. */
static void close_pending(void)
{
    search_step(0, 0);             /* evtchn_alloc_unbound(d1, 0); */
    search_step(NR_EACH + 2, 0);   /* evtchn_bind_interdomain(d2, 0); */
    search_step(4 + 3 * PORTS, 0); /* evtchn_send(d1, 0) */
    search_step(NR_EACH + 4 + 2 * PORTS, NAMED_PENDING | TOLD_SECOND); /* evtchn_close(d2, 0); */
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
                                        .nr_scenes = nr_scenes,
                                        .scene = scene,
                                        .observe = observe,
                                        .promise = promise,
                                        .tests = tests };

    return search_main(&model, argc, argv);
}
