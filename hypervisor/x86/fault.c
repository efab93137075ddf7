/* SPDX-License-Identifier: MIT */
/*
 * Exceptions in ring 0. An instruction that is listed in the recovery table (RECOVER in assembly)
 * continues elsewhere; any other fault is our inconsistency and ends in panic with all registers.
 *
 * #DB in ring 0 is the guest's doing and harmless: MOV SS before SYSCALL or INT3 delays a
 * breakpoint into our first instruction, and SYSENTER keeps TF. It is dropped, TF with it.
 */
#include "x86/apic.h"
#include "x86/cpu.h"
#include "x86/upcall.h"

#define DR6_CLEAR UINT64_C(0xffff0ff0)

struct recovery {
    uint64_t start, end, where;
};
extern const struct recovery recovery_table[], recovery_table_end[];

static void registers_panic(const struct guest_regs *r)
{
    uint64_t cr2;

    __asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
    panic("exception %u, error %x, on CPU %u at %016lx\n"
          " rax %016lx rbx %016lx rcx %016lx rdx %016lx\n"
          " rsi %016lx rdi %016lx rbp %016lx rsp %016lx\n"
          " r8  %016lx r9  %016lx r10 %016lx r11 %016lx\n"
          " r12 %016lx r13 %016lx r14 %016lx r15 %016lx\n"
          " cs %x ss %x flags %lx cr2 %016lx cr3 %016lx",
          r->entry_vector, r->error_code, machine_cpu_id(), r->rip, r->rax, r->rbx, r->rcx, r->rdx,
          r->rsi, r->rdi, r->rbp, r->rsp, r->r8, r->r9, r->r10, r->r11, r->r12, r->r13, r->r14,
          r->r15, r->cs, r->ss, r->rflags, cr2, cr3_get());
}

void hypervisor_fault(struct guest_regs *frame)
{
    for (const struct recovery *r = recovery_table; r < recovery_table_end; r++)
        if (frame->rip >= r->start && frame->rip < r->end) {
            frame->rip = r->where;
            return;
        }
    registers_panic(frame);
}

static uint64_t dr6_take(void)
{
    uint64_t dr6;

    __asm__ volatile("mov %%dr6, %0" : "=r"(dr6));
    __asm__ volatile("mov %0, %%dr6" ::"r"(DR6_CLEAR));
    return dr6;
}

void ist_in_hypervisor(struct guest_regs *frame)
{
    switch (frame->entry_vector) {
    case 1:
        (void)dr6_take();
        frame->rflags &= ~(uint64_t)EFLAGS_TF;
        break;
    case 2:
        upcall_nmi(false);
        break;
    case 18:
        upcall_machine_check(false);
        break;
    default:
        registers_panic(frame);
    }
}

/* The guest may see bits of earlier traps in DR6: the processor leaves them there too. */
void debug_trap(struct guest_cpu *g)
{
    g->dr6 |= dr6_take();
    upcall_exception(g);
}

void nmi_trap(uint32_t vector)
{
    if (vector == 2)
        upcall_nmi(true);
    else
        upcall_machine_check(true);
}
