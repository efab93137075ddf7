/* SPDX-License-Identifier: MIT */
/*
 * Page faults from ring 3. Three kinds are not the guest kernel's business: a first touch of its
 * LDT, and its writes to its own page tables, which are read-only to it and emulated.
 */
#include "core/domain.h"
#include "pv/guest_cpu.h"
#include "pv/trap.h"
#include "x86/upcall.h"

#define PF_PRESENT  0x01u
#define PF_WRITE    0x02u
#define PF_USER     0x04u
#define PF_RESERVED 0x08u
#define PF_FETCH    0x10u

/* The processor read a descriptor of the LDT window: a supervisor access, although from ring 3. */
static bool ldt_window_fault(struct vcpu *v, gva_t cr2, uint32_t error_code)
{
    int page;

    if (error_code & (PF_USER | PF_PRESENT))
        return false;
    page = machine_ldt_page(cr2);
    if (page < 0)
        return false;
    if (!upcall_ldt_fault(&v->arch, (unsigned)page))
        trap_inject_page_fault(v, v->arch.ldt_base + ((gva_t)page << PAGE_SHIFT) +
                               (cr2 & ~PAGE_MASK), error_code);
    return true;
}

void upcall_page_fault(struct guest_cpu *g, gva_t cr2)
{
    struct vcpu *v = (struct vcpu *)g;
    uint32_t error_code = g->regs.error_code;

    if (cr2 >= HYPERVISOR_START && cr2 < HYPERVISOR_END && ldt_window_fault(v, cr2, error_code))
        return;
    if (g->in_kernel && (error_code & (PF_PRESENT | PF_WRITE | PF_RESERVED | PF_FETCH)) ==
                            (PF_PRESENT | PF_WRITE) && emulate_pte_write(v, cr2))
        return;
    trap_inject_page_fault(v, cr2, error_code);
}
