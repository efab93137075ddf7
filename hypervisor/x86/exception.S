/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and interrupts, and the way out to ring 3.
 *
 * From ring 3 the processor pushes its frame at the end of the vCPU's regs. The plain exceptions
 * and page faults that cannot be ours are bounced to the guest kernel right here; the rest goes to
 * C on the CPU's stack, and leaves through guest_exit. From ring 0 an exception is a recovery point
 * (fault.c) or the end; interrupts come only while idle or in an interrupt window.
 *
 * Instructions, hypervisor part: page fault from user mode and its return by iret 126, the iret of
 * entry.S included.
 */
#include "x86/entry.h"
#include "x86/apic.h"

#define E(field) (field - REGS_ERROR)(%rsp)

    .section .text.entry, "ax", @progbits

/* Vectors as bit masks: for which the processor pushes an error code; and who takes them. */
#define HAS_ERROR    0x60227d00
#define TO_PLAIN     0x00090039 /* #DE, breakpoint, overflow, bound, x87 and SIMD errors */
#define TO_ERROR     0x00021c00 /* segment faults but #GP, alignment */
#define TO_IST       0x00040106 /* #DB, NMI, #DF, #MC */
#define VECTOR_PF    14

/* All 256 vectors, sixteen bytes each; idt.c counts on it. */
    .balign 16
    .global vector_entries
vector_entries:
    .set vector, 0
    .rept 256
    .balign 16
    .if vector >= 32 || !(HAS_ERROR >> (vector & 31) & 1)
    pushq $0
    .endif
    movl $vector, 4(%rsp)
    .if vector >= 32
    jmp interrupt_entry
    .elseif vector == VECTOR_PF
    jmp page_fault
    .elseif TO_PLAIN >> (vector & 31) & 1
    jmp bounce_plain
    .elseif TO_ERROR >> (vector & 31) & 1
    jmp bounce_error
    .elseif TO_IST >> vector & 1
    jmp ist_entry
    .else
    jmp exception_entry
    .endif
    .set vector, vector + 1
    .endr

/* RSP = &regs.error_code from here on, when the frame says ring 3. */

.macro BOUNCE_SAVE
    CLAC
    testb $3, E(REGS_CS)
    jz fault_entry
    mov %rax, E(REGS_RAX)
    mov %rdi, E(REGS_RDI)
    mov %rdx, E(REGS_RDX)
    mov %rcx, E(REGS_RCX)
    mov %r11, E(REGS_R11)
    lea -REGS_ERROR(%rsp), %rdi
    mov G_CPU_STACK(%rdi), %rsp
.endm

/*
 * RDI = vCPU; RAX RDI RDX RCX R11 are in regs. Leads to the guest's handler if there is one; else C
 * says what that means. Handlers run in the flat code segment whatever their entry says.
 * RAX becomes the frame, RDX the trap's entry, RCX the CS of the frame. `words` is the size of
 * the frame.
 */
.macro BOUNCE words
    mov REGS_VECTOR(%rdi), %edx
    shl $4, %edx
    add G_TRAPS(%rdi), %rdx
    cmpq $0, TRAP_ADDRESS(%rdx) /* canonical, or 0: none */
    je exception_saved
    movzwl REGS_CS(%rdi), %ecx
    cmpb $0, G_IN_KERNEL(%rdi)
    je 2f
    and $~3, %ecx
    mov REGS_RSP(%rdi), %rax
    and $~15, %rax
    sub $(\words * 8), %rax
    mov %rax, %r11
    sar $43, %r11
    cmp $-16, %r11              /* in the hypervisor's part */
    je bounce_lost
3:  STAC
4:  mov REGS_RCX(%rdi), %r11
    mov %r11, (%rax)
    mov REGS_R11(%rdi), %r11
    mov %r11, 8(%rax)
    .if \words == 8
    mov REGS_ERROR(%rdi), %r11d
    mov %r11, 16(%rax)
    .endif
    mov REGS_RIP(%rdi), %r11
    mov %r11, (\words * 8 - 40)(%rax)
    mov %rcx, (\words * 8 - 32)(%rax)
    mov REGS_RFLAGS(%rdi), %r11
    or G_FRAME_IOPL(%rdi), %r11
    mov %r11, (\words * 8 - 24)(%rax)
    mov REGS_RSP(%rdi), %r11
    mov %r11, (\words * 8 - 16)(%rax)
    movzwl REGS_SS(%rdi), %r11d
    mov %r11, (\words * 8 - 8)(%rax)
    mov G_INFO(%rdi), %rcx
    cmpb $0, INFO_MASK(%rcx)
    jne 5f
6:  CLAC
    testb $4, TRAP_FLAGS(%rdx)
    jz 7f
    movb $1, INFO_MASK(%rcx)
7:  mov TRAP_ADDRESS(%rdx), %rcx
    mov $EFLAGS_ALWAYS, %r11d
    mov %rax, %rsp
    mov REGS_RDX(%rdi), %rdx
    mov REGS_RAX(%rdi), %rax
    mov REGS_RDI(%rdi), %rdi
    sysretq

5:  movb $1, (\words * 8 - 28)(%rax)
    andl $~EFLAGS_IF, (\words * 8 - 24)(%rax)
    jmp 6b
8:  RECOVER 4b, 8b, bounce_lost

2:  mov G_CR3_KERNEL(%rdi), %rax
    mov %rax, %cr3
    swapgs
    movb $1, G_IN_KERNEL(%rdi)
    mov G_BOUNCE_RSP(%rdi), %rax
    .if \words == 8
    sub $8, %rax
    .endif
    jmp 3b
.endm

    .balign 64
bounce_plain:
    BOUNCE_SAVE
    BOUNCE 7

    .balign 64
/*
 * Could the fault be ours? A write to a present page in kernel mode (a page table?), a reserved
 * bit, or an address in the hypervisor's part (descriptor windows): C looks first.
 */
page_fault:
    BOUNCE_SAVE
    mov %cr2, %rax
    mov %rax, %rcx
    sar $43, %rcx
    cmp $-16, %rcx
    je page_fault_ours
    mov REGS_ERROR(%rdi), %ecx
    test $8, %cl
    jnz page_fault_ours
    cmpb $0, G_IN_KERNEL(%rdi)
    je 1f
    mov %ecx, %edx
    and $3, %edx
    cmp $3, %edx
    je page_fault_ours
    andl $~4, REGS_ERROR(%rdi)  /* the guest's mode, not the ring */
1:  mov %rax, G_CR2(%rdi)
    mov G_INFO(%rdi), %rcx
    mov %rax, INFO_CR2(%rcx)
bounce_with_error:
    BOUNCE 8

    .balign 16
bounce_error:
    BOUNCE_SAVE
    jmp bounce_with_error

/* The processor leaves the guest's direction flag set: C wants it clear. */
.macro SAVE_REST
    cld
    mov %rsi, REGS_RSI(%rdi)
    mov %r8, REGS_R8(%rdi)
    mov %r9, REGS_R9(%rdi)
    mov %r10, REGS_R10(%rdi)
    mov %rbx, REGS_RBX(%rdi)
    mov %rbp, REGS_RBP(%rdi)
    mov %r12, REGS_R12(%rdi)
    mov %r13, REGS_R13(%rdi)
    mov %r14, REGS_R14(%rdi)
    mov %r15, REGS_R15(%rdi)
    mov %rdi, %rbx
.endm

page_fault_ours:
    SAVE_REST
    mov %rax, %rsi
    call upcall_page_fault
    jmp guest_exit

/* A page fault that the guest's handler does not take plainly is already marked as the guest's. */
exception_saved:
    SAVE_REST
    cmpl $14, REGS_VECTOR(%rdi)
    jne 1f
    mov G_CR2(%rdi), %rsi
    call upcall_page_fault
    jmp guest_exit
1:  call upcall_exception
    jmp guest_exit

/* RDI = vCPU, in kernel mode, whose stack could not take the frame. */
    .global bounce_lost
bounce_lost:
    CLAC
    SAVE_REST
    call upcall_bounce_failed
    jmp guest_exit

    .balign 16
exception_entry:
    CLAC
    cld
    testb $3, E(REGS_CS)
    jz fault_entry
    PUSH_ALL
    lea -REGS(%rsp), %rbx
    mov G_CPU_STACK(%rbx), %rsp
    mov %rbx, %rdi
    call upcall_exception
    jmp guest_exit

    .balign 16
interrupt_entry:
    CLAC
    cld
    testb $3, E(REGS_CS)
    jz in_hypervisor            /* idle, or an interrupt window */
    PUSH_ALL
    lea -REGS(%rsp), %rbx
    mov G_CPU_STACK(%rbx), %rsp
    mov REGS_VECTOR(%rbx), %edi
    call interrupt_dispatch

/*
 * RBX = vCPU with all registers in regs, RSP = this CPU's stack: work first, then ring 3.
 */
    .balign 16
    .global guest_exit
guest_exit:
    cmpl $0, G_WORK(%rbx)
    jne guest_exit_work
    mov G_INFO(%rbx), %rax
    cmpw $1, (%rax)             /* pending and not masked */
    je guest_exit_event
guest_exit_now:
    orb $3, REGS_CS(%rbx)
    orb $3, REGS_SS(%rbx)
    andl $EFLAGS_GUEST, REGS_RFLAGS(%rbx)
    orl $EFLAGS_ALWAYS, REGS_RFLAGS(%rbx)
    movl $0, (REGS_RFLAGS + 4)(%rbx)
    lea REGS(%rbx), %rsp
    POP_ALL
    add $8, %rsp
    .global guest_iretq
guest_iretq:
    iretq
guest_exit_event:
    cmpq $0, G_EVENT_RIP(%rbx)
    je guest_exit_now           /* nowhere to deliver it */
guest_exit_work:
    mov %rbx, %rdi
    call upcall_exit_work
    jmp guest_exit

/* guest_exit_path(g, stack) */
    .balign 16
    .global guest_exit_path
guest_exit_path:
    mov %rsi, %rsp
    mov %rdi, %rbx
    cmpb $0, G_SEGMENTS_BAD(%rbx)
    je guest_exit
    call upcall_failsafe        /* clears it */
    jmp guest_exit

/* stack_call(function, stack) */
    .global stack_call
stack_call:
    mov %rsi, %rsp
    xor %ebp, %ebp
    call *%rdi
    ud2

/*
 * Interrupts are held off until after the HLT, so none is taken before it and none is lost; but for
 * one that an NMI let in right there, whose return then skips the HLT.
 */
    .global machine_idle, idle_halt
machine_idle:
    sti
idle_halt:
    hlt
    cli
    ret

/*
 * A fault in ring 0: RSP = error code and vector. On the way out (IRETQ) and while iret_read
 * copies, the stack is a vCPU's regs with room for one more word than the frame; those first.
 */
    .balign 16
fault_entry:
    push %rax
    lea guest_iretq(%rip), %rax
    cmp %rax, 16(%rsp)
    je iretq_fault
    lea iret_iretq(%rip), %rax
    cmp %rax, 16(%rsp)
    je iretq_fault
    lea iret_read(%rip), %rax
    cmp %rax, 16(%rsp)
    jb 1f
    lea iret_read_end(%rip), %rax
    cmp %rax, 16(%rsp)
    jb iret_read_fault
1:  pop %rax
in_hypervisor:
    cld
    PUSH_ALL
    mov %rsp, %rdi
    mov %rsp, %rbx
    and $~15, %rsp
    call trap_in_hypervisor
    mov %rbx, %rsp
    POP_ALL
    add $8, %rsp
    iretq

/* IRETQ refused the guest's selectors or address. All other registers are the guest's again, and
 * the interrupted RSP is &regs.rip; below it is the fault's frame, of which one word counts. */
iretq_fault:
    pop %rax
    mov 32(%rsp), %rsp
    pushq -56(%rsp)             /* error code and vector */
    PUSH_ALL
    lea -REGS(%rsp), %rbx
    mov G_CPU_STACK(%rbx), %rsp
    mov %rbx, %rdi
    call iretq_failed
    jmp guest_exit

/* RAX and RCX are as iret_slow wants them. */
iret_read_fault:
    pop %rax
    jmp iret_slow

/* #DB, NMI, #MC, #DF: on a stack of their own in the CPU's block. */
    .balign 16
ist_entry:
    CLAC
    testb $3, 16(%rsp)
    jz in_hypervisor
    cmpl $8, 4(%rsp)
    je in_hypervisor            /* a double fault is the end, wherever */
    push %rax
    mov %rsp, %rax
    and $~(BLOCK_SIZE - 1), %rax
    mov CPU_LOADED(%rax), %rax
    pop REGS_RAX(%rax)
    pop REGS_ERROR(%rax)
    pop REGS_RIP(%rax)
    pop REGS_CS(%rax)
    pop REGS_RFLAGS(%rax)
    pop REGS_RSP(%rax)
    pop REGS_SS(%rax)
    mov %rdi, REGS_RDI(%rax)
    mov %rdx, REGS_RDX(%rax)
    mov %rcx, REGS_RCX(%rax)
    mov %r11, REGS_R11(%rax)
    mov %rax, %rdi
    SAVE_REST
    mov G_CPU_STACK(%rbx), %rsp
    mov %rbx, %rdi
    call ist_trap
    jmp guest_exit

    .section .note.GNU-stack, "", @progbits
