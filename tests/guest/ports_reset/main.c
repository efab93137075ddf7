/* SPDX-License-Identifier: MIT */
/*
 * Closing all ports at once: each is free afterwards and can be had again, the timer's interrupt
 * too; other domains' ports are not ours to close.
 */
#include "check.h"

#define NR 40

static unsigned open_ports(void)
{
    unsigned open = 0;

    for (evtchn_port_t port = 1; port < 256; port++) {
        struct evtchn_status status = { .dom = DOMID_SELF, .port = port };

        open += hypercall_evtchn_status(&status) == 0 && status.status != EVTCHNSTAT_closed;
    }
    return open;
}

void test_main(void)
{
    struct evtchn_reset reset = { .dom = 4711 };
    struct evtchn_bind_virq timer = { .virq = VIRQ_TIMER };
    struct evtchn_bind_ipi ipi = { .vcpu = 0 };

    NEED(event_init());
    CHECK_NOBODY(hypercall_evtchn_reset(&reset));
    reset.dom = 0;
    if (!test_is_dom0())
        CHECK(hypercall_evtchn_reset(&reset), -XEN_EPERM);
    for (unsigned i = 0; i < NR; i++)
        CHECK(event_offer(DOMID_SELF) > 0, 1);
    NEED(hypercall_evtchn_bind_virq(&timer));
    NEED(hypercall_evtchn_bind_ipi(&ipi));
    CHECK(open_ports() >= NR + 2, 1);
    if (!test_is_dom0())
        return; /* the console is one of them */
    reset.dom = DOMID_SELF;
    CHECK(hypercall_evtchn_reset(&reset), 0);
    CHECK(open_ports(), 0);
    CHECK(event_send(ipi.port), -XEN_EINVAL);
    CHECK(hypercall_evtchn_bind_virq(&timer), 0);
    CHECK(hypercall_evtchn_bind_virq(&timer), -XEN_EEXIST);
    CHECK(hypercall_evtchn_bind_ipi(&ipi), 0);
    event_mask(ipi.port);
    CHECK(event_send(ipi.port), 0);
    CHECK(event_pending(ipi.port), 1);
}
