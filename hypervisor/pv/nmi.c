/* SPDX-License-Identifier: MIT */
/*
 * Non-maskable interrupts and machine checks. An NMI can arrive anywhere in the hypervisor, so
 * these functions take no lock: they note that dom0's first vCPU has one and leave the rest to the
 * exit path. A machine check is fatal: memory or a processor gave wrong data, and nobody knows
 * whose.
 */
#include "core/domain.h"
#include "lib/bits.h"
#include "public/nmi.h"
#include "pv/trap.h"
#include "sys/log.h"
#include "x86/upcall.h"

#define SYSTEM_CONTROL_B 0x61 /* bit 7: memory error, bit 6: channel check */

static void nmi_note(struct vcpu *v)
{
    WRITE_ONCE(v->nmi_pending, true);
    atomic_or(&v->arch.work, WORK_NMI);
}

void nmi_send(struct vcpu *v)
{
    nmi_note(v);
    vcpu_kick(v);
}

static uint64_t nmi_reasons(void)
{
    uint32_t port = machine_in(SYSTEM_CONTROL_B, 1);

    if (port == 0xff)
        return XEN_NMIREASON_unknown; /* no such port: a machine without it reads as ones */
    if (!(port & 0xc0))
        return XEN_NMIREASON_unknown;
    return (port & 0x80 ? XEN_NMIREASON_pci_serr : 0) | (port & 0x40 ? XEN_NMIREASON_io_error : 0);
}

void upcall_nmi(bool in_guest)
{
    struct domain *d = control_domain;

    (void)in_guest;
    if (d == NULL || d->vcpu[0] == NULL ||
        READ_ONCE(d->vcpu[0]->arch.traps[TRAP_NMI].address) == 0)
        return;
    atomic_or(&d->shared->arch.nmi_reason, nmi_reasons()); /* dom0 clears bits meanwhile */
    nmi_note(d->vcpu[0]);
}

void upcall_machine_check(bool in_guest)
{
    uint64_t status = 0;

    if (machine_rdmsr(0x17a, &status) != 0)
        status = 0;
    panic("machine check in %s, MCG_STATUS %016lx", in_guest ? "a guest" : "the hypervisor",
          (unsigned long)status);
}
