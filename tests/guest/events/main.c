/* SPDX-License-Identifier: MIT */
/*
 * Event channels, 2-level, within one domain: a loop of two ports, an inter-processor interrupt to
 * oneself, the timer's virtual interrupt, masks, poll, status, close, wrong ports, and what happens
 * when every port is taken.
 */
#include "check.h"

static volatile unsigned seen[64];

static void count(evtchn_port_t port)
{
    seen[port]++;
}

static uint32_t status_of(evtchn_port_t port, struct evtchn_status *status)
{
    *status = (struct evtchn_status){ .dom = DOMID_SELF, .port = port, .vcpu = 99 };
    CHECK(hypercall_evtchn_status(status), 0);
    return status->status;
}

static long send(evtchn_port_t port)
{
    struct evtchn_send op = { .port = port };

    return hypercall_evtchn_send(&op);
}

static long close(evtchn_port_t port)
{
    struct evtchn_close op = { .port = port };

    return hypercall_evtchn_close(&op);
}

static void loop_back(void)
{
    struct evtchn_alloc_unbound unbound = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    struct evtchn_bind_interdomain bind = { .remote_dom = DOMID_SELF };
    struct evtchn_status status;

    CHECK(hypercall_evtchn_alloc_unbound(&unbound), 0);
    CHECK(unbound.port > 0, 1); /* port 0 is never given away */
    CHECK(status_of(unbound.port, &status), EVTCHNSTAT_unbound);
    CHECK(status.u.unbound.dom == DOMID_SELF, 0); /* our own number */
    CHECK(status.u.unbound.dom == 0, test_is_dom0());
    CHECK(send(unbound.port), 0);   /* nobody listens: no error, no event */
    bind.remote_port = unbound.port;
    CHECK(hypercall_evtchn_bind_interdomain(&bind), 0);
    CHECK(bind.local_port != unbound.port, 1);
    CHECK(status_of(bind.local_port, &status), EVTCHNSTAT_interdomain);
    CHECK(status.u.interdomain.port, unbound.port);
    CHECK(status.u.interdomain.dom == DOMID_SELF, 0);
    CHECK(status.u.interdomain.dom == 0, test_is_dom0());
    CHECK(status.vcpu, 0);
    CHECK(hypercall_evtchn_bind_interdomain(&bind), -XEN_EINVAL); /* taken */

    event_handle(unbound.port, count);
    event_handle(bind.local_port, count);
    seen[unbound.port] = seen[bind.local_port] = 0;
    CHECK(send(bind.local_port), 0);
    CHECK(seen[unbound.port], 1);
    CHECK(seen[bind.local_port], 0);
    CHECK(send(unbound.port), 0);
    CHECK(seen[bind.local_port], 1);

    /* Masked: pending stays, no upcall; unmask delivers once. */
    event_mask(unbound.port);
    CHECK(send(bind.local_port), 0);
    CHECK(send(bind.local_port), 0);
    CHECK(seen[unbound.port], 1);
    CHECK(event_pending(unbound.port), 1);
    event_unmask(unbound.port);
    CHECK(seen[unbound.port], 2);
    CHECK(event_pending(unbound.port), 0);

    /* All upcalls off: delivered by the first hypercall after they are on. */
    events_disable();
    CHECK(send(bind.local_port), 0);
    CHECK(seen[unbound.port], 2);
    CHECK(shared_info->vcpu_info[0].evtchn_upcall_pending, 1);
    events_enable();
    CHECK(seen[unbound.port], 3);

    /* One end closes: the other one is unbound again. */
    CHECK(close(bind.local_port), 0);
    CHECK(status_of(unbound.port, &status), EVTCHNSTAT_unbound);
    CHECK(status_of(bind.local_port, &status), EVTCHNSTAT_closed);
    CHECK(send(bind.local_port), -XEN_EINVAL);
    CHECK(close(bind.local_port), -XEN_EINVAL);
    CHECK(close(unbound.port), 0);
}

static void ipi(void)
{
    struct evtchn_bind_ipi bind = { .vcpu = 0 }, absent = { .vcpu = 4000 };
    struct evtchn_bind_vcpu move = { .vcpu = 0 };
    struct evtchn_status status;

    CHECK(hypercall_evtchn_bind_ipi(&absent), -XEN_ENOENT);
    CHECK(hypercall_evtchn_bind_ipi(&bind), 0);
    CHECK(status_of(bind.port, &status), EVTCHNSTAT_ipi);
    event_handle(bind.port, count);
    seen[bind.port] = 0;
    CHECK(send(bind.port), 0);
    CHECK(seen[bind.port], 1);
    move.port = bind.port;
    CHECK(hypercall_evtchn_bind_vcpu(&move), -XEN_EINVAL); /* an IPI has its vCPU for good */
    CHECK(close(bind.port), 0);
}

static void timer(void)
{
    struct evtchn_bind_virq bind = { .virq = VIRQ_TIMER, .vcpu = 0 };
    struct evtchn_bind_virq bad[] = { { .virq = NR_VIRQS }, { .virq = 0xffffffff },
                                      { .virq = VIRQ_TIMER, .vcpu = 4000 },
                                      { .virq = VIRQ_CONSOLE, .vcpu = 1 } };
    struct vcpu_set_singleshot_timer shot = { 0 };
    struct evtchn_status status;
    uint64_t begin;

    CHECK(hypercall_evtchn_bind_virq(&bad[0]), -XEN_EINVAL);
    CHECK(hypercall_evtchn_bind_virq(&bad[1]), -XEN_EINVAL);
    CHECK(hypercall_evtchn_bind_virq(&bad[2]), -XEN_ENOENT);
    CHECK(hypercall_evtchn_bind_virq(&bad[3]), -XEN_EINVAL);
    CHECK(hypercall_vcpu_stop_periodic_timer(0), 0);
    CHECK(hypercall_evtchn_bind_virq(&bind), 0);
    CHECK(status_of(bind.port, &status), EVTCHNSTAT_virq);
    CHECK(status.u.virq, VIRQ_TIMER);
    bad[0] = bind;
    CHECK(hypercall_evtchn_bind_virq(&bad[0]), -XEN_EEXIST);
    CHECK(send(bind.port), -XEN_EINVAL); /* only the hypervisor sends it */
    event_handle(bind.port, count);
    seen[bind.port] = 0;
    begin = test_now();
    shot.timeout_abs_ns = begin + 20000000;
    CHECK(hypercall_vcpu_set_singleshot_timer(0, &shot), 0);
    /* Masked while it looks: blocking unmasks, so what comes in between ends it at once. */
    for (events_disable(); !seen[bind.port] && test_now() < begin + 2000000000; events_disable())
        hypercall_sched_block();
    events_enable();
    CHECK(seen[bind.port], 1);
    CHECK(test_now() >= begin + 20000000, 1);
    CHECK(close(bind.port), 0);
}

static void poll(void)
{
    struct evtchn_bind_ipi bind = { .vcpu = 0 };
    evtchn_port_t ports[2];
    struct sched_poll op = { .ports = (uint64_t)ports, .nr_ports = 2 };
    uint64_t begin;
    unsigned rounds;

    CHECK(hypercall_evtchn_bind_ipi(&bind), 0);
    ports[0] = 4000;
    ports[1] = bind.port;
    events_disable();
    event_mask(bind.port); /* poll waits for masked ports, too */
    CHECK(send(bind.port), 0);
    CHECK(hypercall_sched_poll(&op), -XEN_EINVAL); /* 4000 is no port of ours */
    ports[0] = bind.port;
    op.nr_ports = 1;
    CHECK(hypercall_sched_poll(&op), 0);
    CHECK(event_pending(bind.port), 1);
    __atomic_fetch_and(&shared_info->evtchn_pending[0], ~(1UL << bind.port), __ATOMIC_SEQ_CST);

    begin = test_now();
    op.timeout = 1; /* long past */
    CHECK(hypercall_sched_poll(&op), 0);
    CHECK(test_now() < begin + 1000000000, 1);
    begin = test_now();
    op.timeout = begin + 30000000;
    for (rounds = 0; test_now() < op.timeout && rounds < 20; rounds++) /* others may wake us */
        CHECK(hypercall_sched_poll(&op), 0);
    CHECK(test_now() >= begin + 30000000, 1);
    CHECK(test_now() < begin + 2000000000, 1);
    op.nr_ports = 129;
    CHECK(hypercall_sched_poll(&op), -XEN_EINVAL);
    events_enable();
    CHECK(close(bind.port), 0);
}

static void wrong_ports(void)
{
    static const evtchn_port_t ports[] = { 0, 4095, 4096, 131072, 0x7fffffff, 0xffffffff };
    struct evtchn_alloc_unbound foreign = { .dom = 77, .remote_dom = 0 };
    struct evtchn_bind_interdomain bind = { .remote_dom = 77, .remote_port = 1 };

    for (unsigned i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
        struct evtchn_unmask unmask = { .port = ports[i] };
        struct evtchn_bind_vcpu move = { .port = ports[i], .vcpu = 0 };
        struct evtchn_status status = { .dom = DOMID_SELF, .port = ports[i] };
        long result = hypercall_evtchn_status(&status);

        CHECK(send(ports[i]), -XEN_EINVAL);
        CHECK(close(ports[i]), -XEN_EINVAL);
        CHECK(hypercall_evtchn_bind_vcpu(&move), -XEN_EINVAL);
        if (ports[i] >= 4096)
            CHECK(hypercall_evtchn_unmask(&unmask), -XEN_EINVAL);
        CHECK(result == -XEN_EINVAL || (result == 0 && status.status == EVTCHNSTAT_closed), 1);
        bind.remote_dom = DOMID_SELF;
        bind.remote_port = ports[i];
        CHECK(hypercall_evtchn_bind_interdomain(&bind), -XEN_EINVAL);
    }
    CHECK_NOBODY(hypercall_evtchn_alloc_unbound(&foreign));
    bind = (struct evtchn_bind_interdomain){ .remote_dom = 77, .remote_port = 1 };
    CHECK(hypercall_evtchn_bind_interdomain(&bind), -XEN_ESRCH);
}

/* Every port, then no more; all are given back. */
static void full(void)
{
    static evtchn_port_t ports[4200];
    struct evtchn_alloc_unbound unbound = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    unsigned got = 0, closed = 0;
    long result;

    while ((result = hypercall_evtchn_alloc_unbound(&unbound)) == 0 && got < 4200)
        ports[got++] = unbound.port;
    CHECK(result, -XEN_ENOSPC);
    CHECK(got > 4000 && got < 4096, 1);
    for (unsigned i = 0; i < got; i++)
        closed += close(ports[i]) == 0;
    CHECK(closed, got);
    CHECK(hypercall_evtchn_alloc_unbound(&unbound), 0);
    CHECK(close(unbound.port), 0);
}

void test_main(void)
{
    NEED(event_init());
    events_enable();
    loop_back();
    ipi();
    timer();
    poll();
    wrong_ports();
    full();
}
