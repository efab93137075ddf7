/* SPDX-License-Identifier: MIT */
/*
 * An event for a vCPU that has not said where: it stays pending, through hypercalls and interrupts,
 * and the first callback gets it at once.
 */
#include "check.h"
#include "public/callback.h"

#define WHILE_NS 50000000UL

extern char stub_events[]; /* of libhypercall */

static volatile unsigned upcalls;

static void on_event(evtchn_port_t port)
{
    (void)port;
    upcalls++;
}

static long set(uint64_t address)
{
    struct callback_register op = { .type = CALLBACKTYPE_event,
                                    .flags = CALLBACKF_mask_events,
                                    .address = address };

    return hypercall_callback_register(&op);
}

static void undefined(void *unused)
{
    (void)unused;
    __asm__ volatile("ud2");
}

void test_main(void)
{
    struct evtchn_bind_ipi bind = { .vcpu = 0 };
    uint64_t end;

    test_needs_lamina("Xen ends a domain whose event callback is at 0");
    NEED(event_init());
    NEED(hypercall_evtchn_bind_ipi(&bind));
    event_handle(bind.port, on_event);
    CHECK(set(0), 0);
    events_enable();
    CHECK(event_send(bind.port), 0);
    hypercall_version_version();
    for (end = test_now() + WHILE_NS; test_now() < end;)
        continue; /* ticks of the hypervisor come and go */
    CHECK(test_catch(undefined, NULL), 6);
    CHECK(hypercall_sched_block(), 0); /* does not wait: something is pending */
    CHECK(upcalls, 0);
    CHECK(event_pending(bind.port), true);
    CHECK(shared_info->vcpu_info[0].evtchn_upcall_pending, 1);
    CHECK(shared_info->vcpu_info[0].evtchn_upcall_mask, 0);
    CHECK(set((uint64_t)stub_events), 0);
    CHECK(upcalls, 1);
    CHECK(event_pending(bind.port), false);
}
