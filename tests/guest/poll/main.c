/* SPDX-License-Identifier: MIT */
/* SCHEDOP_poll: counts, ports and deadlines that make no sense, and those that do. */
#include "check.h"

void test_main(void)
{
    static evtchn_port_t ports[200];
    struct evtchn_bind_ipi bind = { .vcpu = 0 };
    struct evtchn_send send;
    struct sched_poll op = { .ports = (uint64_t)ports };
    uint64_t begin;

    NEED(event_init());
    NEED(hypercall_evtchn_bind_ipi(&bind));
    for (unsigned i = 0; i < 200; i++)
        ports[i] = bind.port;
    op.nr_ports = 129;
    CHECK(hypercall_sched_poll(&op), -XEN_EINVAL);
    op.nr_ports = ~0u;
    CHECK(hypercall_sched_poll(&op), -XEN_EINVAL);
    op.nr_ports = 1;
    ports[0] = 1u << 20;
    CHECK(hypercall_sched_poll(&op), -XEN_EINVAL);
    ports[0] = ~0u;
    CHECK(hypercall_sched_poll(&op), -XEN_EINVAL);
    ports[0] = bind.port;
    op.timeout = 1; /* long past: returns at once */
    CHECK(hypercall_sched_poll(&op), 0);
    begin = test_now();
    op.timeout = begin + 3000000;
    CHECK(hypercall_sched_poll(&op), 0);
    CHECK(test_now() >= begin + 3000000, 1);
    op.timeout = 0; /* for ever, but the port is pending, though masked */
    send.port = bind.port;
    CHECK(hypercall_evtchn_send(&send), 0);
    CHECK(hypercall_sched_poll(&op), 0);
    op.nr_ports = 128;
    CHECK(hypercall_sched_poll(&op), 0);
    op.ports = 0xffff830000000000UL;
    CHECK(hypercall_sched_poll(&op), -XEN_EFAULT);
}
