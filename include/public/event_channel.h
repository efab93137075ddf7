/* SPDX-License-Identifier: MIT */
/*
 * Event channels: numbered ports of a domain on which it can be notified. A port is closed,
 * unbound (waits for one named domain), interdomain, or bound to a virtual interrupt, an
 * inter-vCPU interrupt or a device interrupt. Each has a pending and a mask bit that the guest and
 * the hypervisor share. Arguments: command, pointer to the structure named after it.
 */
#ifndef PUBLIC_EVENT_CHANNEL_H
#define PUBLIC_EVENT_CHANNEL_H

#include "xen.h"

#define EVTCHNOP_bind_interdomain 0
#define EVTCHNOP_bind_virq 1
#define EVTCHNOP_bind_pirq 2
#define EVTCHNOP_close 3
#define EVTCHNOP_send 4
#define EVTCHNOP_status 5
#define EVTCHNOP_alloc_unbound 6
#define EVTCHNOP_bind_ipi 7
#define EVTCHNOP_bind_vcpu 8
#define EVTCHNOP_unmask 9
#define EVTCHNOP_reset 10
#define EVTCHNOP_init_control 11
#define EVTCHNOP_expand_array 12
#define EVTCHNOP_set_priority 13

#define BIND_PIRQ__WILL_SHARE 1 /* the interrupt line may have other users */

#define EVTCHNSTAT_closed 0
#define EVTCHNSTAT_unbound 1
#define EVTCHNSTAT_interdomain 2
#define EVTCHNSTAT_pirq 3
#define EVTCHNSTAT_virq 4
#define EVTCHNSTAT_ipi 5

#define EVTCHN_2L_NR_CHANNELS 4096 /* ports of the 2-level form */

/* The FIFO form: one 32-bit word per port, linked into a queue per priority. */
#define EVTCHN_FIFO_PRIORITY_MAX 0
#define EVTCHN_FIFO_PRIORITY_DEFAULT 7
#define EVTCHN_FIFO_PRIORITY_MIN 15
#define EVTCHN_FIFO_MAX_QUEUES (EVTCHN_FIFO_PRIORITY_MIN + 1)
#define EVTCHN_FIFO_PENDING 31 /* bit numbers of an event word */
#define EVTCHN_FIFO_MASKED 30
#define EVTCHN_FIFO_LINKED 29
#define EVTCHN_FIFO_BUSY 28
#define EVTCHN_FIFO_LINK_BITS 17
#define EVTCHN_FIFO_LINK_MASK ((1 << EVTCHN_FIFO_LINK_BITS) - 1)
#define EVTCHN_FIFO_NR_CHANNELS (1 << EVTCHN_FIFO_LINK_BITS)

#ifndef __ASSEMBLY__

typedef uint32_t evtchn_port_t;
typedef uint32_t event_word_t;

struct evtchn_alloc_unbound {
    domid_t dom;        /* in: owner of the new port, usually DOMID_SELF */
    domid_t remote_dom; /* in: who may bind to it */
    evtchn_port_t port; /* out */
};

struct evtchn_bind_interdomain {
    domid_t remote_dom;
    evtchn_port_t remote_port; /* in: unbound port of remote_dom that waits for the caller */
    evtchn_port_t local_port;  /* out */
};

struct evtchn_bind_virq {
    uint32_t virq;      /* in: VIRQ_* */
    uint32_t vcpu;      /* in: 0 for a global one */
    evtchn_port_t port; /* out */
};

struct evtchn_bind_pirq {
    uint32_t pirq;
    uint32_t flags;     /* in: BIND_PIRQ__* */
    evtchn_port_t port; /* out */
};

struct evtchn_bind_ipi {
    uint32_t vcpu;
    evtchn_port_t port; /* out */
};

struct evtchn_close {
    evtchn_port_t port;
};

struct evtchn_send {
    evtchn_port_t port; /* a local port: interdomain or IPI */
};

struct evtchn_status {
    domid_t dom;
    evtchn_port_t port;
    uint32_t status; /* out: EVTCHNSTAT_* */
    uint32_t vcpu;   /* out: vCPU it notifies */
    union {
        struct {
            domid_t dom; /* who may bind */
        } unbound;
        struct {
            domid_t dom; /* the other end */
            evtchn_port_t port;
        } interdomain;
        uint32_t pirq;
        uint32_t virq;
    } u;
};

struct evtchn_bind_vcpu {
    evtchn_port_t port;
    uint32_t vcpu; /* is notified from now on */
};

struct evtchn_unmask {
    evtchn_port_t port;
};

struct evtchn_reset {
    domid_t dom;
};

struct evtchn_init_control {
    uint64_t control_gfn; /* guest frame of the vCPU's evtchn_fifo_control_block */
    uint32_t offset;      /* in that frame, 8-byte aligned */
    uint32_t vcpu;
    uint8_t link_bits; /* out */
    uint8_t _pad[7];
};

struct evtchn_expand_array {
    uint64_t array_gfn; /* next guest frame of event words */
};

struct evtchn_set_priority {
    evtchn_port_t port;
    uint32_t priority;
};

struct evtchn_fifo_control_block {
    uint32_t ready; /* bit per non-empty queue */
    uint32_t _rsvd;
    uint32_t head[EVTCHN_FIFO_MAX_QUEUES];
};

#endif
#endif
