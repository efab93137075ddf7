/* SPDX-License-Identifier: MIT */
/*
 * Entry paths in C, called by entry.S and exception.S on the CPU's stack: whatever arrives in ring
 * 0, the exceptions with a stack of their own, an IRETQ that failed, and the rare ways into a guest
 * kernel.
 *
 * In ring 0, an instruction that is listed in the recovery table (RECOVER in assembly) continues
 * elsewhere; any other fault is our inconsistency and ends in panic with all registers. #DB there
 * is the guest's doing and harmless: MOV SS before SYSCALL or INT3 delays a breakpoint into our
 * first instruction, SYSENTER keeps TF, and a copy may touch a watched address. It is dropped, TF
 * with it.
 */
#include "x86/cpu.h"
#include "x86/upcall.h"

#define DR6_CLEAR UINT64_C(0xffff0ff0)

#define SELECTOR_LDT 4u /* in an error code */

enum { DB = 1, NMI = 2, UD = 6, DF = 8, GP = 13, PF = 14, MC = 18, FIRST_INTERRUPT = 32 };

struct recovery {
    uint64_t start, end, where;
};
extern const struct recovery recovery_table[], recovery_table_end[];
extern char idle_halt[];

static uint64_t cr2_get(void)
{
    uint64_t cr2;

    __asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
    return cr2;
}

static uint64_t dr6_take(void)
{
    uint64_t dr6;

    __asm__ volatile("mov %%dr6, %0" : "=r"(dr6));
    __asm__ volatile("mov %0, %%dr6" ::"r"(DR6_CLEAR));
    return dr6;
}

/* ---- from ring 0 ----------------------------------------------------------------------------- */

static void fault(struct guest_regs *r)
{
    for (const struct recovery *e = recovery_table; e < recovery_table_end; e++)
        if (r->rip >= e->start && r->rip < e->end && r->entry_vector != DF) {
            r->rip = e->where;
            return;
        }
    panic("exception %u, error %x, on CPU %u at %016lx\n"
          " rax %016lx rbx %016lx rcx %016lx rdx %016lx\n"
          " rsi %016lx rdi %016lx rbp %016lx rsp %016lx\n"
          " r8  %016lx r9  %016lx r10 %016lx r11 %016lx\n"
          " r12 %016lx r13 %016lx r14 %016lx r15 %016lx\n"
          " cs %x ss %x flags %lx cr2 %016lx cr3 %016lx",
          r->entry_vector, r->error_code, machine_cpu_id(), r->rip, r->rax, r->rbx, r->rcx, r->rdx,
          r->rsi, r->rdi, r->rbp, r->rsp, r->r8, r->r9, r->r10, r->r11, r->r12, r->r13, r->r14,
          r->r15, r->cs, r->ss, r->rflags, cr2_get(), cr3_get());
}

void trap_in_hypervisor(struct guest_regs *frame)
{
    if (frame->entry_vector >= FIRST_INTERRUPT) {
        interrupt_dispatch(frame->entry_vector);
        frame->rip += frame->rip == (uint64_t)idle_halt; /* one byte */
        return;
    }
    switch (frame->entry_vector) {
    case DB:
        (void)dr6_take();
        frame->rflags &= ~(uint64_t)EFLAGS_TF;
        break;
    case NMI:
        upcall_nmi(false);
        break;
    case MC:
        upcall_machine_check(false);
        break;
    default:
        fault(frame);
    }
}

/* ---- from ring 3, or on the way there -------------------------------------------------------- */

/* The guest may see bits of earlier traps in DR6: the processor leaves them there too. */
void ist_trap(struct guest_cpu *g)
{
    if (g->regs.entry_vector == NMI) {
        upcall_nmi(true);
    } else if (g->regs.entry_vector == MC) {
        upcall_machine_check(true);
    } else {
        g->dr6 |= dr6_take();
        upcall_exception(g);
    }
}

/*
 * IRETQ may have been the first to touch a page of the LDT: then once more. A page that the guest
 * does not have holds no descriptor, which is a #GP with the selector.
 */
void iretq_failed(struct guest_cpu *g)
{
    gva_t address = cr2_get();
    int page = g->regs.entry_vector == PF ? machine_ldt_page(address) : -1;

    if (page >= 0) {
        if (upcall_ldt_fault(g, (unsigned)page))
            return;
        g->regs.entry_vector = GP;
        g->regs.error_code = (unsigned)page << PAGE_SHIFT | (address & 0xff8) | SELECTOR_LDT;
    }
    upcall_iretq_refused(g);
}

static void exception_raise(struct guest_cpu *g, uint32_t vector, unsigned back)
{
    g->regs.entry_vector = vector;
    g->regs.error_code = 0;
    g->regs.rip -= back;
    upcall_exception(g);
}

/* SYSCALL in compatibility mode is two bytes long. */
void syscall32_bounce(struct guest_cpu *g)
{
    if (g->in_kernel || !g->syscall32_cb.rip)
        exception_raise(g, UD, 2);
    else
        upcall_callback(g, &g->syscall32_cb);
}

void sysenter_bounce(struct guest_cpu *g)
{
    if (g->in_kernel || !g->sysenter_cb.rip)
        exception_raise(g, GP, 0);
    else
        upcall_callback(g, &g->sysenter_cb);
}
