/* SPDX-License-Identifier: MIT */
/* Callbacks at addresses that no code can have, and of kinds that do not exist. */
#include "check.h"
#include "public/callback.h"

static volatile unsigned upcalls;

static void on_event(evtchn_port_t port)
{
    (void)port;
    upcalls++;
}

static long set(uint16_t type, uint64_t address)
{
    struct callback_register op = { .type = type, .flags = CALLBACKF_mask_events,
                                    .address = address };

    return hypercall_callback_register(&op);
}

void test_main(void)
{
    static const uint16_t types[] = { CALLBACKTYPE_event, CALLBACKTYPE_failsafe,
                                      CALLBACKTYPE_syscall, CALLBACKTYPE_nmi,
                                      CALLBACKTYPE_syscall32 };
    static const uint64_t bad[] = { 0x0000800000000000UL, 0xffff7fffffffffffUL,
                                    0xfffeffffffffffffUL };
    struct callback_unregister forget = { .type = CALLBACKTYPE_event };
    struct evtchn_bind_ipi bind = { .vcpu = 0 };
    struct evtchn_send send;

    NEED(event_init());
    for (unsigned t = 0; t < sizeof(types) / sizeof(types[0]); t++)
        for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
            CHECK(set(types[t], bad[i]), -XEN_EINVAL);
    CHECK(set(99, (uint64_t)test_main), -XEN_ENOSYS);
    CHECK(hypercall_callback_unregister(&forget), -XEN_EINVAL);
    forget.type = 99;
    CHECK(hypercall_callback_unregister(&forget), -XEN_ENOSYS);
    NEED(hypercall_evtchn_bind_ipi(&bind));
    event_handle(bind.port, on_event);
    events_enable();
    send.port = bind.port;
    CHECK(hypercall_evtchn_send(&send), 0);
    hypercall_version_version();
    CHECK(upcalls, 1); /* still the callback of before */
}
