/* SPDX-License-Identifier: MIT */
/*
 * The FPU: the virtual task-switched flag makes the next instruction #NM and is cleared by one
 * hypercall; registers keep their values through hypercalls, exceptions and events.
 */
#include "check.h"

static void use_fpu(void *arg)
{
    __asm__ volatile("movq (%0), %%xmm5" : : "r"(arg) : "memory");
}

static uint64_t read_xmm5(void)
{
    uint64_t value;

    __asm__ volatile("movq %%xmm5, %0" : "=r"(value));
    return value;
}

static void nothing(evtchn_port_t port)
{
    (void)port;
}

void test_main(void)
{
    uint64_t first = 0x123456789abcdef0UL, second = 0x0fedcba987654321UL;
    struct evtchn_bind_ipi bind = { .vcpu = 0 };
    struct evtchn_send send;

    NEED(event_init());
    CHECK(test_catch(use_fpu, &first), -1);
    CHECK(read_xmm5(), first);
    NEED(hypercall_fpu_taskswitch(1));
    CHECK(test_catch(use_fpu, &second), 7);
    NEED(hypercall_fpu_taskswitch(0));
    CHECK(read_xmm5(), first); /* what faulted did nothing */
    for (unsigned i = 0; i < 100; i++)
        hypercall_sched_yield();
    CHECK(read_xmm5(), first);
    NEED(hypercall_evtchn_bind_ipi(&bind));
    event_handle(bind.port, nothing);
    events_enable();
    send.port = bind.port;
    CHECK(hypercall_evtchn_send(&send), 0);
    events_disable();
    CHECK(read_xmm5(), first);
    CHECK(test_read((void *)0x123000UL), 14);
    CHECK(read_xmm5(), first);
}
