/* SPDX-License-Identifier: MIT */
/*
 * Ending other domains is dom0's, and none may end one that is not there; the reason kept for
 * later is kept, and a pin to a processor is refused where it is not offered.
 */
#include "check.h"
#include "public/sched.h"

static long end(domid_t domain, uint32_t reason)
{
    struct sched_remote_shutdown op = { .domain_id = domain, .reason = reason };

    return hypercall_sched_remote_shutdown(&op);
}

void test_main(void)
{
    struct sched_shutdown reason = { .reason = SHUTDOWN_poweroff };
    struct sched_pin_override pin = { .pcpu = 4711 };
    static const domid_t nobody[] = { 77, 4711, 32751, DOMID_IO, DOMID_XEN, DOMID_INVALID };

    for (unsigned i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++)
        CHECK_NOBODY(end(nobody[i], SHUTDOWN_poweroff));
    if (!test_is_dom0())
        CHECK(end(0, SHUTDOWN_crash), -XEN_EPERM);
    CHECK(hypercall_sched_shutdown_code(&reason), 0);
    CHECK(hypercall_sched_pin_override(&pin) < 0, 1);
    CHECK(_hypercall2(__HYPERVISOR_sched_op, 8, 0), -XEN_ENOSYS);
    CHECK(_hypercall2(__HYPERVISOR_sched_op, ~0u, 0), -XEN_ENOSYS);
    CHECK(_hypercall2(__HYPERVISOR_sched_op, SCHEDOP_shutdown, 0xffff830000000000UL), -XEN_EFAULT);
    CHECK(_hypercall2(__HYPERVISOR_sched_op, SCHEDOP_shutdown_code, 0xffff830000000000UL),
          -XEN_EFAULT);
}
