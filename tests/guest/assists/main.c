/* SPDX-License-Identifier: MIT */
/* vm_assist: all types and commands; only what exists is taken. */
#include "check.h"
#include "public/features.h"

void test_main(void)
{
    for (uint32_t type = 0; type < 64; type++) {
        long on = _hypercall2(__HYPERVISOR_vm_assist, VMASST_CMD_enable, type);

        if (type == VMASST_TYPE_writable_pagetables || type == VMASST_TYPE_runstate_update_flag)
            CHECK(on, 0);
        CHECK(_hypercall2(__HYPERVISOR_vm_assist, VMASST_CMD_disable, type), on);
    }
    CHECK(_hypercall2(__HYPERVISOR_vm_assist, 2, 0), -XEN_ENOSYS);
    CHECK(_hypercall2(__HYPERVISOR_vm_assist, ~0u, 2), -XEN_ENOSYS);
    CHECK(_hypercall2(__HYPERVISOR_vm_assist, VMASST_CMD_enable, ~0u), -XEN_EINVAL);
}
