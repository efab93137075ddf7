/* SPDX-License-Identifier: MIT */
/*
 * Timers with absurd times: the past, the end of time, periods of nothing and of centuries. Each is
 * taken or refused at once; nothing loops, and a sensible timer works afterwards.
 */
#include "check.h"
#include "public/vcpu.h"

static volatile unsigned fired;

static void on_timer(evtchn_port_t port)
{
    (void)port;
    fired++;
}

void test_main(void)
{
    static const uint64_t odd[] = { 1, 2, 0x7fffffffffffffffUL, 0x8000000000000000UL, ~0UL, ~1UL };
    struct evtchn_bind_virq bind = { .virq = VIRQ_TIMER };
    uint64_t begin;

    NEED(event_init());
    NEED(hypercall_evtchn_bind_virq(&bind));
    event_handle(bind.port, on_timer);
    for (unsigned i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        struct vcpu_set_singleshot_timer single = { .timeout_abs_ns = odd[i] };
        struct vcpu_set_periodic_timer period = { .period_ns = odd[i] };
        long result;

        (void)hypercall_set_timer_op(odd[i]);
        CHECK(hypercall_vcpu_set_singleshot_timer(0, &single), 0);
        result = hypercall_vcpu_set_periodic_timer(0, &period);
        CHECK(result == 0 || result == -XEN_EINVAL, 1);
        CHECK(hypercall_vcpu_stop_periodic_timer(0), 0);
        CHECK(hypercall_vcpu_stop_singleshot_timer(0), 0);
    }
    CHECK(hypercall_set_timer_op(0), 0);
    events_enable(); /* what the odd ones left pending comes now */
    events_disable();
    fired = 0;
    begin = test_now();
    NEED(hypercall_set_timer_op(begin + 5000000));
    /* Masked while it looks: blocking unmasks, so what comes in between ends it at once. */
    for (; !fired && test_now() < begin + 2000000000; events_disable())
        hypercall_sched_block();
    CHECK(fired >= 1, 1);
    CHECK(test_now() >= begin + 5000000, 1);
}
