/* SPDX-License-Identifier: MIT */
/*
 * Event channels, 2-level ABI. One lock per domain's table; two tables are locked in domid order.
 * All errors are the ABI's. `d` is the calling domain unless said.
 */
#ifndef LAMINA_CORE_EVTCHN_H
#define LAMINA_CORE_EVTCHN_H

#include "lib/limits.h"
#include "public/event_channel.h"
#include "sys/lock.h"

struct domain;
struct vcpu;

enum evtchn_state { EVTCHN_FREE, EVTCHN_RESERVED, EVTCHN_UNBOUND, EVTCHN_INTERDOMAIN, EVTCHN_PIRQ,
                    EVTCHN_VIRQ, EVTCHN_IPI };

struct evtchn {
    uint8_t state;
    uint16_t vcpu;         /* notified vCPU */
    union {
        struct {
            domid_t remote; /* UNBOUND: who may bind */
        } unbound;
        struct {
            struct domain *remote;
            evtchn_port_t port;
        } interdomain;
        uint16_t pirq, virq;
    };
};

struct evtchn_table {
    spinlock_t lock;
    struct evtchn *bucket[EVTCHNS_MAX / 128]; /* 128 channels each, allocated as needed */
    evtchn_port_t limit;                      /* max_evtchn_port + 1, at most EVTCHNS_MAX */
    evtchn_port_t valid;                      /* ports below this have a bucket */
};

int evtchn_table_init(struct domain *d, evtchn_port_t limit) must_check;
int evtchn_close_all(struct domain *d) must_check; /* -ERESTART: call again */
void evtchn_table_destroy(struct domain *d); /* closes what is left; no vCPU of d runs */

int evtchn_alloc_unbound(struct domain *d, domid_t remote, evtchn_port_t *port) must_check;
int evtchn_bind_interdomain(struct domain *d, domid_t remote, evtchn_port_t remote_port,
                            evtchn_port_t *port) must_check;
int evtchn_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu,
                     evtchn_port_t *port) must_check;
int evtchn_bind_ipi(struct domain *d, uint32_t vcpu, evtchn_port_t *port) must_check;
int evtchn_bind_pirq(struct domain *d, uint32_t pirq, uint32_t flags,
                     evtchn_port_t *port) must_check;
int evtchn_close(struct domain *d, evtchn_port_t port) must_check;
int evtchn_send(struct domain *d, evtchn_port_t port) must_check;
int evtchn_status(struct domain *d, evtchn_port_t port, struct evtchn_status *out) must_check;
int evtchn_bind_vcpu(struct domain *d, evtchn_port_t port, uint32_t vcpu) must_check;
int evtchn_unmask(struct domain *d, evtchn_port_t port) must_check;
int evtchn_reset(struct domain *d) must_check; /* -ERESTART possible */

/* From the hypervisor: harmless when not bound. */
void evtchn_send_virq(struct vcpu *v, uint32_t virq);           /* per-vCPU VIRQs */
void evtchn_send_global_virq(struct domain *d, uint32_t virq);  /* CONSOLE, DOM_EXC: to dom0 */
bool evtchn_send_pirq(struct domain *d, uint32_t pirq);         /* false: not bound */
/* Is the port pending (for SCHEDOP_poll)? -EINVAL: no such port. */
int evtchn_is_pending(struct domain *d, evtchn_port_t port) must_check;
/* Move pending state to a newly registered vcpu_info. */
bool evtchn_check(struct domain *d); /* invariants; tests and debug key */

#endif
