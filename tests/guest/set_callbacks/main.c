/* SPDX-License-Identifier: MIT */
/*
 * The old call for all callbacks at once: an address that no code can have never becomes the event
 * callback; a good one moves it to where it says.
 */
#include "check.h"

extern char stub_events[], stub_failsafe[], stub_syscall[]; /* of libhypercall */

#define STUB(name) ((uint64_t)(name))
#define OTHER_VCPU 64 /* bytes to the stub that says vCPU 1 */

static volatile unsigned upcalls, vcpu_said;

static void on_event(struct trap_frame *frame)
{
    struct vcpu_info *info = &shared_info->vcpu_info[0];

    vcpu_said = (unsigned)(frame->vector >> 8);
    upcalls++;
    info->evtchn_pending_sel = 0;
    info->evtchn_upcall_pending = 0;
}

static void ring(evtchn_port_t port)
{
    __atomic_store_n(&shared_info->evtchn_pending[0], 0, __ATOMIC_SEQ_CST);
    CHECK(event_send(port), 0);
    hypercall_version_version();
}

void test_main(void)
{
    static const uint64_t bad[] = { 0x0000800000000000UL, 0xffff7fffffffffffUL };
    struct evtchn_bind_ipi bind = { .vcpu = 0 };

    NEED(event_init());
    NEED(hypercall_evtchn_bind_ipi(&bind));
    trap_handle(TRAP_EVENT, on_event);
    event_unmask(bind.port);
    events_enable();
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        /* Xen says 0 and leaves the bad one out. */
        (void)hypercall_set_callbacks(bad[i], STUB(stub_failsafe), STUB(stub_syscall));
        ring(bind.port);
        CHECK(upcalls, i + 1);
        CHECK(vcpu_said, 0);
    }
    CHECK(hypercall_set_callbacks(STUB(stub_events), STUB(stub_failsafe), STUB(stub_syscall)), 0);
    ring(bind.port);
    CHECK(upcalls, 3);
    CHECK(vcpu_said, 0);
    CHECK(hypercall_set_callbacks(STUB(stub_events) + OTHER_VCPU, STUB(stub_failsafe),
                                  STUB(stub_syscall)),
          0);
    ring(bind.port);
    CHECK(upcalls, 4);
    CHECK(vcpu_said, 1);
}
