/* SPDX-License-Identifier: MIT */
/*
 * NMIs: one arrives at the registered handler even while upcalls are masked; without a handler
 * nothing comes. The handler is entry 2 of the trap table, which is how Linux sets it. Handlers at
 * addresses that no code can have are refused, and vCPUs that are not there.
 */
#include "check.h"
#include "public/nmi.h"
#include "public/vcpu.h"

extern char trap_stubs[]; /* of libhypercall: 64 bytes a vector */

static volatile unsigned came;

static void on_nmi(struct trap_frame *frame)
{
    (void)frame;
    came++;
}

static long set(uint64_t address)
{
    struct xennmi_callback op = { .handler_address = address };

    return hypercall_nmi_register_callback(&op);
}

/* Xen wants the argument that this operation does not have to be 0. */
static long send(unsigned vcpu)
{
    return _hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_send_nmi, vcpu, 0);
}

void test_main(void)
{
    uint64_t stub = (uint64_t)trap_stubs + 2 * 64;
    struct trap_info table[2] = { { 2, 4, FLAT_KERNEL_CS, stub }, { 0, 0, 0, 0 } };

    NEED(event_init());
    trap_handle(2, on_nmi);
    CHECK(set(0x0000800000000000UL), -XEN_EINVAL);
    CHECK(set(0xffff7fffffffffffUL), -XEN_EINVAL);
    CHECK(send(4711), -XEN_ENOENT);
    CHECK(set(stub), 0);
    CHECK(shared_info->vcpu_info[0].evtchn_upcall_mask, 1);
    CHECK(send(0), 0);
    CHECK(came, 1);
    CHECK(shared_info->vcpu_info[0].evtchn_upcall_mask, 1); /* as before */
    events_enable();
    CHECK(send(0), 0);
    CHECK(came, 2);
    CHECK(shared_info->vcpu_info[0].evtchn_upcall_mask, 0);
    CHECK(hypercall_nmi_unregister_callback(), 0);
    CHECK(send(0), 0);
    CHECK(came, 2);
    CHECK(hypercall_set_trap_table(table), 0);
    CHECK(send(0), 0);
    CHECK(came > 2, 1); /* the one that waited may have come before this one, or with it */
    CHECK(_hypercall2(__HYPERVISOR_nmi_op, 2, 0), -XEN_ENOSYS);
    CHECK(_hypercall2(__HYPERVISOR_nmi_op, ~0u, 0), -XEN_ENOSYS);
}
