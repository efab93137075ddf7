/* SPDX-License-Identifier: MIT */
/* Which processor a vCPU is bound to: told to a dom0 that is bound, and to nobody else. */
#include "check.h"
#include "public/vcpu.h"

void test_main(void)
{
    struct vcpu_get_physid op = { .phys_id = 0x5a5a5a5a5a5a5a5a };
    long result = hypercall_vcpu_get_physid(0, &op);

    CHECK(result == 0 || result == -XEN_EINVAL, 1);
    if (!test_is_dom0())
        CHECK(result, -XEN_EINVAL);
    if (result == 0)
        CHECK(xen_vcpu_physid_to_x86_apicid(op.phys_id) < 256, 1);
    else
        CHECK(op.phys_id, 0x5a5a5a5a5a5a5a5a);
    CHECK(hypercall_vcpu_get_physid(4711, &op), -XEN_ENOENT);
    CHECK(hypercall_vcpu_is_up(4711), -XEN_ENOENT);
    CHECK(hypercall_vcpu_is_up(0), 1);
    CHECK(hypercall_vcpu_up(0), 0);
    CHECK(_hypercall3(__HYPERVISOR_vcpu_op, 99, 0, 0), -XEN_ENOSYS);
}
