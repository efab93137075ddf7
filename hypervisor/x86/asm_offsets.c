/* SPDX-License-Identifier: MIT */
/*
 * Structure offsets for assembly: each line becomes `#define NAME value` in asm_offsets.h. The
 * compiler prints the text, a sed in hypervisor/rules.mk turns it into a header.
 */
#include "x86/cpu.h"

#define OFFSET(name, type, field) \
    __asm__ volatile("\n# @define " #name " %0" ::"i"(offsetof(type, field)))

void asm_offsets(void);
void asm_offsets(void)
{
    __asm__ volatile("\n# @define ENTRY_SYSCALL %0" ::"i"(ENTRY_SYSCALL));
    OFFSET(REGS, struct guest_cpu, regs);
    OFFSET(REGS_R15, struct guest_cpu, regs.r15);
    OFFSET(REGS_R14, struct guest_cpu, regs.r14);
    OFFSET(REGS_R13, struct guest_cpu, regs.r13);
    OFFSET(REGS_R12, struct guest_cpu, regs.r12);
    OFFSET(REGS_RBP, struct guest_cpu, regs.rbp);
    OFFSET(REGS_RBX, struct guest_cpu, regs.rbx);
    OFFSET(REGS_R11, struct guest_cpu, regs.r11);
    OFFSET(REGS_R10, struct guest_cpu, regs.r10);
    OFFSET(REGS_R9, struct guest_cpu, regs.r9);
    OFFSET(REGS_R8, struct guest_cpu, regs.r8);
    OFFSET(REGS_RAX, struct guest_cpu, regs.rax);
    OFFSET(REGS_RCX, struct guest_cpu, regs.rcx);
    OFFSET(REGS_RDX, struct guest_cpu, regs.rdx);
    OFFSET(REGS_RSI, struct guest_cpu, regs.rsi);
    OFFSET(REGS_RDI, struct guest_cpu, regs.rdi);
    OFFSET(REGS_ERROR, struct guest_cpu, regs.error_code);
    OFFSET(REGS_VECTOR, struct guest_cpu, regs.entry_vector);
    OFFSET(REGS_RIP, struct guest_cpu, regs.rip);
    OFFSET(REGS_CS, struct guest_cpu, regs.cs);
    OFFSET(REGS_RFLAGS, struct guest_cpu, regs.rflags);
    OFFSET(REGS_RSP, struct guest_cpu, regs.rsp);
    OFFSET(REGS_SS, struct guest_cpu, regs.ss);
    OFFSET(REGS_END, struct guest_cpu, cpu_stack);
    OFFSET(G_CPU_STACK, struct guest_cpu, cpu_stack);
    OFFSET(G_CR3_KERNEL, struct guest_cpu, cr3_kernel);
    OFFSET(G_CR3_USER, struct guest_cpu, cr3_user);
    OFFSET(G_BOUNCE_RSP, struct guest_cpu, bounce_rsp);
    OFFSET(G_FRAME_IOPL, struct guest_cpu, frame_iopl);
    OFFSET(G_SYSCALL_RIP, struct guest_cpu, syscall_cb.rip);
    OFFSET(G_SYSCALL_MASK, struct guest_cpu, syscall_cb.mask_events);
    OFFSET(G_EVENT_RIP, struct guest_cpu, event_cb.rip);
    OFFSET(G_TRAPS, struct guest_cpu, traps);
    OFFSET(G_INFO, struct guest_cpu, info);
    OFFSET(G_WORK, struct guest_cpu, work);
    OFFSET(G_IN_KERNEL, struct guest_cpu, in_kernel);
    OFFSET(G_SEGMENTS_BAD, struct guest_cpu, segments_bad);
    OFFSET(G_ARCH_IOPL, struct guest_cpu, architectural_iopl);
    OFFSET(G_CR2, struct guest_cpu, cr2);
    OFFSET(CPU_LOADED, struct machine_cpu, loaded);
    OFFSET(INFO_MASK, struct vcpu_info, evtchn_upcall_mask);
    OFFSET(INFO_CR2, struct vcpu_info, arch.cr2);
    OFFSET(TRAP_FLAGS, struct trap_info, flags);
    OFFSET(TRAP_ADDRESS, struct trap_info, address);
    OFFSET(CPU_ENTRY_REGS_END, struct cpu_entry, regs_end);
}

static_assert((offsetof(struct guest_cpu, regs) + sizeof(struct guest_regs)) % 16 == 0,
              "the processor aligns its stack");
static_assert(offsetof(struct guest_cpu, cpu_stack) ==
                  offsetof(struct guest_cpu, regs) + sizeof(struct guest_regs),
              "REGS_END is the end of regs");
static_assert(sizeof(struct trap_info) == 16, "indexed by a shift");
static_assert(sizeof(struct cpu_entry) == 64, "one cache line a CPU");
static_assert(sizeof(struct machine_cpu) <= BLOCK_PERCPU, "per-CPU data follows");
static_assert(BLOCK_SIZE == MACHINE_BLOCK_SIZE && BLOCK_PERCPU == MACHINE_BLOCK_DATA, "one layout");
