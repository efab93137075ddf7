/* SPDX-License-Identifier: MIT */
/*
 * The iret hypercall, slow path: every check that entry.S makes on the fast one, and the cases it
 * leaves. The frame is copied once; what the guest changes in it afterwards does not count.
 */
#include "core/domain.h"
#include "mm/guest.h"
#include "pv/guest_cpu.h"
#include "pv/trap.h"
#include "x86/upcall.h"

#define FLAG_IF UINT64_C(0x200)
#define GP      13

/* To user mode exactly when the frame's CS has RPL 3. */
static bool enter_user(struct vcpu *v)
{
    if (v->arch.cr3_user == 0) {
        domain_crash(v->domain, "iret to user mode without user page tables");
        return false;
    }
    machine_toggle_mode(&v->arch);
    return true;
}

void iret_hypercall(struct vcpu *v)
{
    struct guest_cpu *g = &v->arch;
    struct guest_regs *regs = &g->regs;
    struct iret_context frame;

    if (copy_from_guest(&frame, guest_ptr(regs->rsp), sizeof(frame)) != 0) {
        domain_crash(v->domain, "iret frame cannot be read");
        return;
    }
    if ((frame.cs & 3) == 3 && !enter_user(v))
        return;
    regs->rip = frame.rip;
    regs->cs = selector_fix((uint16_t)frame.cs);
    regs->rflags = rflags_fix(frame.rflags);
    regs->rsp = frame.rsp;
    regs->ss = selector_fix((uint16_t)frame.ss);
    regs->rax = frame.rax;
    /* With VGCF_in_syscall the guest does not care about these two; giving them is as good. */
    regs->rcx = frame.rcx;
    regs->r11 = frame.r11;
    regs->entry_vector = 0;
    if (READ_ONCE(g->architectural_iopl))
        iopl_set(v, (frame.rflags >> 12) & 3);
    WRITE_ONCE(g->info->evtchn_upcall_mask, !(frame.rflags & FLAG_IF));
    if (!is_canonical(regs->rip))
        trap_inject(v, GP, 0);
}

void upcall_iret(struct guest_cpu *g)
{
    iret_hypercall((struct vcpu *)g);
}
