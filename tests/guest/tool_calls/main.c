/* SPDX-License-Identifier: MIT */
/*
 * domctl, sysctl and platform_op with wrong interface versions and unknown commands: refused before
 * anything else is looked at. To others than dom0 everything is refused.
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

/* What dom0 must be told; for others one refusal is as good as the other. */
static void tool(unsigned nr, uint32_t cmd, uint32_t version, long wanted)
{
    long got = call(nr, cmd, version);

    if (!test_is_dom0() && (got == -XEN_EACCES || got == -XEN_ESRCH))
        got = -XEN_EPERM;
    CHECK_DOM0(got, wanted);
}

void test_main(void)
{
    tool(__HYPERVISOR_domctl, XEN_DOMCTL_getdomaininfo, 0, -XEN_EACCES);
    tool(__HYPERVISOR_domctl, XEN_DOMCTL_getdomaininfo, 0x14, -XEN_EACCES);
    tool(__HYPERVISOR_sysctl, XEN_SYSCTL_physinfo, 0x14, -XEN_EACCES);
    tool(__HYPERVISOR_platform_op, 55, 0x02000000, -XEN_EACCES);
    tool(__HYPERVISOR_sysctl, XEN_SYSCTL_physinfo, XEN_SYSCTL_INTERFACE_VERSION, 0);
    CHECK(!test_is_dom0() || op.sysctl.u.physinfo.nr_cpus >= 1, 1);
    CHECK(call(__HYPERVISOR_sysctl, 4711, XEN_SYSCTL_INTERFACE_VERSION) < 0, 1);
    tool(__HYPERVISOR_platform_op, 4711, XENPF_INTERFACE_VERSION, -XEN_ENOSYS);
    op.domctl.domain = 4711;
    tool(__HYPERVISOR_domctl, XEN_DOMCTL_getdomaininfo, XEN_DOMCTL_INTERFACE_VERSION, -XEN_ESRCH);
    op.domctl.domain = 0;
    CHECK(call(__HYPERVISOR_domctl, 4711, XEN_DOMCTL_INTERFACE_VERSION) < 0, 1);
    tool(__HYPERVISOR_domctl, XEN_DOMCTL_getdomaininfo, XEN_DOMCTL_INTERFACE_VERSION, 0);
    CHECK(op.domctl.u.getdomaininfo.domain, 0); /* others: as it was */
}
