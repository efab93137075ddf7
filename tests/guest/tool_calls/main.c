/* SPDX-License-Identifier: MIT */
/*
 * domctl, sysctl and platform_op with wrong interface versions and unknown commands: refused before
 * anything else is looked at.
 */
#include "check.h"
#include "public/domctl.h"
#include "public/platform.h"
#include "public/sysctl.h"

static union {
    struct xen_domctl domctl;
    struct xen_sysctl sysctl;
    struct xen_platform_op platform;
    uint32_t word[64];
} op;

static long call(unsigned nr, uint32_t cmd, uint32_t version)
{
    op.word[0] = cmd;
    op.word[1] = version;
    return _hypercall1(nr, (unsigned long)&op);
}

void test_main(void)
{
    CHECK(call(__HYPERVISOR_domctl, XEN_DOMCTL_getdomaininfo, 0), -XEN_EACCES);
    CHECK(call(__HYPERVISOR_domctl, XEN_DOMCTL_getdomaininfo, 0x14), -XEN_EACCES);
    CHECK(call(__HYPERVISOR_sysctl, XEN_SYSCTL_physinfo, 0x14), -XEN_EACCES);
    CHECK(call(__HYPERVISOR_platform_op, 55, 0x02000000), -XEN_EACCES);
    CHECK(call(__HYPERVISOR_sysctl, XEN_SYSCTL_physinfo, XEN_SYSCTL_INTERFACE_VERSION), 0);
    CHECK(op.sysctl.u.physinfo.nr_cpus >= 1, 1);
    CHECK(call(__HYPERVISOR_sysctl, 4711, XEN_SYSCTL_INTERFACE_VERSION) < 0, 1);
    CHECK(call(__HYPERVISOR_platform_op, 4711, XENPF_INTERFACE_VERSION), -XEN_ENOSYS);
    op.domctl.domain = 4711;
    CHECK(call(__HYPERVISOR_domctl, XEN_DOMCTL_getdomaininfo, XEN_DOMCTL_INTERFACE_VERSION),
          -XEN_ESRCH);
    op.domctl.domain = 0;
    CHECK(call(__HYPERVISOR_domctl, 4711, XEN_DOMCTL_INTERFACE_VERSION) < 0, 1);
    CHECK(call(__HYPERVISOR_domctl, XEN_DOMCTL_getdomaininfo, XEN_DOMCTL_INTERFACE_VERSION), 0);
    CHECK(op.domctl.u.getdomaininfo.domain, 0);
}
