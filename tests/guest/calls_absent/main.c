/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls that are not there say so, whatever they are asked: no HVM, no device models, no
 * profiling, no crash kernels, no security labels, no memory pools, nothing beyond the table.
 */
#include "check.h"

void test_main(void)
{
    static const uint8_t absent[] = {
        __HYPERVISOR_xsm_op,
        __HYPERVISOR_xenoprof_op,
        __HYPERVISOR_hvm_op,
        __HYPERVISOR_kexec_op,
        __HYPERVISOR_tmem_op,
        __HYPERVISOR_argo_op,
        __HYPERVISOR_dm_op,
        __HYPERVISOR_hypfs_op,
        __HYPERVISOR_arch_1,
        __HYPERVISOR_arch_2,
        __HYPERVISOR_arch_7,
        11,
        43,
        47,
        56,
        63,
        64,
        255,
    };

    test_needs_lamina("Xen has some of them");
    for (unsigned i = 0; i < sizeof(absent); i++)
        for (uint64_t op = 0; op < 8; op++)
            CHECK(_hypercall4(absent[i], op, 0, op, 0xffff830000000000UL), -XEN_ENOSYS);
    CHECK(_hypercall2(__HYPERVISOR_xenpmu_op, 0, 0), -XEN_EOPNOTSUPP);
    for (uint64_t number = 256; number; number <<= 1)
        CHECK(_hypercall1(number, 0), -XEN_ENOSYS);
    CHECK(_hypercall1(~0UL, 0), -XEN_ENOSYS);
    CHECK(hypercall_version_pagesize(), 4096);
}
