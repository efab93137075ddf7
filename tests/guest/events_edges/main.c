/* SPDX-License-Identifier: MIT */
/* Event channel operations on ports and vCPUs that are not there, or are of another kind. */
#include "check.h"

void test_main(void)
{
    static const evtchn_port_t odd[] = { 0, 4095, 4096, 0x7fffffff, ~0u };
    struct evtchn_bind_virq virq = { .virq = 24 };
    struct evtchn_bind_ipi ipi = { .vcpu = 4711 };
    struct evtchn_alloc_unbound unbound = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    struct evtchn_bind_vcpu move;

    NEED(event_init());
    for (unsigned i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        struct evtchn_send send = { .port = odd[i] };
        struct evtchn_close close = { .port = odd[i] };
        struct evtchn_unmask unmask = { .port = odd[i] };
        struct evtchn_bind_interdomain bind = { .remote_dom = DOMID_SELF, .remote_port = odd[i] };

        CHECK(hypercall_evtchn_send(&send), -XEN_EINVAL);
        CHECK(hypercall_evtchn_close(&close), -XEN_EINVAL);
        if (odd[i] >= 4096)
            CHECK(hypercall_evtchn_unmask(&unmask), -XEN_EINVAL);
        CHECK(hypercall_evtchn_bind_interdomain(&bind), -XEN_EINVAL);
    }
    CHECK(hypercall_evtchn_bind_virq(&virq), -XEN_EINVAL);
    virq.virq = ~0u;
    CHECK(hypercall_evtchn_bind_virq(&virq), -XEN_EINVAL);
    CHECK(hypercall_evtchn_bind_ipi(&ipi), -XEN_ENOENT);
    NEED(hypercall_evtchn_alloc_unbound(&unbound));
    move = (struct evtchn_bind_vcpu){ .port = unbound.port, .vcpu = 4711 };
    CHECK(hypercall_evtchn_bind_vcpu(&move), -XEN_ENOENT);
    virq = (struct evtchn_bind_virq){ .virq = VIRQ_TIMER };
    NEED(hypercall_evtchn_bind_virq(&virq));
    CHECK(hypercall_evtchn_bind_virq(&virq), -XEN_EEXIST);
    move = (struct evtchn_bind_vcpu){ .port = virq.port, .vcpu = 0 };
    CHECK(hypercall_evtchn_bind_vcpu(&move), -XEN_EINVAL); /* stays with its vCPU */
    unbound.remote_dom = DOMID_SELF;
    unbound.dom = 4711;
    CHECK_NOBODY(hypercall_evtchn_alloc_unbound(&unbound));
}
