/* SPDX-License-Identifier: MIT */
/*
 * Everything that tools may do, asked for by a domain that is no control domain: each domctl,
 * sysctl and platform_op, about dom0, itself and others. Not one is carried out, not one byte of
 * the arguments is answered.
 */
#include "check.h"
#include "public/domctl.h"
#include "public/platform.h"
#include "public/sysctl.h"

static union {
    struct xen_domctl domctl;
    struct xen_sysctl sysctl;
    struct xen_platform_op platform;
    uint8_t byte[256];
} op, before;

static void refused(unsigned nr, uint32_t cmd, uint32_t version, domid_t domain, uint8_t fill)
{
    unsigned changed = 0;
    long result;

    for (unsigned i = 0; i < sizeof(op.byte); i++)
        ((volatile uint8_t *)op.byte)[i] = fill;
    op.domctl.cmd = cmd;
    op.domctl.interface_version = version;
    if (nr == __HYPERVISOR_domctl)
        op.domctl.domain = domain;
    before = op;
    result = _hypercall1(nr, (unsigned long)&op);
    if (result >= 0)
        console_print("hypercall %u command %u\n", nr, cmd);
    CHECK(result < 0, 1);
    for (unsigned i = 0; i < sizeof(op.byte); i++)
        changed += op.byte[i] != before.byte[i];
    CHECK(changed, 0);
}

void test_main(void)
{
    const domid_t self = test_self();
    static const uint8_t fills[] = { 0, 0xff, 1 };

    if (test_is_dom0())
        test_skip("about what others than dom0 may not do");
    for (unsigned i = 0; i < sizeof(fills); i++)
        for (uint32_t cmd = 0; cmd < 128; cmd++) {
            refused(__HYPERVISOR_domctl, cmd, XEN_DOMCTL_INTERFACE_VERSION, 0, fills[i]);
            refused(__HYPERVISOR_domctl, cmd, XEN_DOMCTL_INTERFACE_VERSION, self, fills[i]);
            refused(__HYPERVISOR_domctl, cmd, XEN_DOMCTL_INTERFACE_VERSION, (domid_t)(self - 1),
                    fills[i]);
            refused(__HYPERVISOR_domctl, cmd, XEN_DOMCTL_INTERFACE_VERSION, DOMID_SELF, fills[i]);
            refused(__HYPERVISOR_sysctl, cmd, XEN_SYSCTL_INTERFACE_VERSION, 0, fills[i]);
            refused(__HYPERVISOR_platform_op, cmd, XENPF_INTERFACE_VERSION, 0, fills[i]);
        }
}
