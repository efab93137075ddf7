/* SPDX-License-Identifier: MIT */
/*
 * System calls: from a guest's user mode (bounced to the guest kernel here), and hypercalls from
 * the guest kernel, of which iret is served here when nothing is unusual.
 *
 * The processor brings no stack with SYSCALL and nothing but RIP tells CPUs apart: each CPU has a
 * stub of its own that finds its words of cpu_entry[]. SWAPGS is executed when guest mode changes
 * and nowhere else; KERNEL_GS_BASE always holds the base of the other mode. The hypervisor uses no
 * segment base.
 *
 * Until RSP is the CPU's stack it points into the vCPU's regs: no guest memory is touched there,
 * except by iret_read, whose faults fault_entry tells apart before it pushes much.
 *
 * Another CPU that sets work or makes an event pending sends an interrupt, so only what this CPU
 * itself may have caused is looked at on the fast ways out.
 *
 * Instructions, hypervisor part, measured: system call bounced to the guest kernel and back to user
 * mode by iret 99; null hypercall 48 and its C part.
 */
#include "x86/entry.h"

#define O(field) (field - REGS_RSP)(%rsp)

    .section .text.entry, "ax", @progbits

.macro ENTRY_STUBS name, ss, target
    .balign 64
    .global \name
\name:
    .set cpu, 0
    .rept CPUS_MAX
    .balign 32
    mov %rsp, cpu_entry + cpu * 64(%rip)
    mov cpu_entry + cpu * 64 + CPU_ENTRY_REGS_END(%rip), %rsp
    pushq $\ss
    pushq cpu_entry + cpu * 64(%rip)
    jmp \target
    .set cpu, cpu + 1
    .endr
.endm

    ENTRY_STUBS syscall_stubs, SEL_USER_DS, syscall_entry
    ENTRY_STUBS syscall32_stubs, SEL_USER_DS, syscall32_entry

/* RSP = &regs.rsp, which holds the guest's; RCX = RIP, R11 = RFLAGS. */
    .balign 64
syscall_entry:
    cmpb $0, O(G_IN_KERNEL)
    jne syscall_from_kernel

    /* User mode: a frame on the guest kernel's stack, in its page tables. */
    mov %rax, O(REGS_RAX)
    mov %rdi, O(REGS_RDI)
    mov %rdx, O(REGS_RDX)
    lea -REGS_RSP(%rsp), %rdi
    mov G_CPU_STACK(%rdi), %rsp
    mov G_CR3_KERNEL(%rdi), %rax
    mov %rax, %cr3
    swapgs
    movb $1, G_IN_KERNEL(%rdi)
    mov G_BOUNCE_RSP(%rdi), %rax
    mov REGS_RSP(%rdi), %rdx
    STAC
syscall_write:
    mov %rcx, (%rax)
    mov %r11, 8(%rax)
    mov %rcx, 16(%rax)
    movq $SEL_USER_CS, 24(%rax)
    mov %rdx, 40(%rax)
    movq $SEL_USER_DS, 48(%rax)
    or G_FRAME_IOPL(%rdi), %r11
    mov %r11, 32(%rax)
    mov G_INFO(%rdi), %rdx
    cmpb $0, INFO_MASK(%rdx)
    jne syscall_write_mask
syscall_written:
    CLAC
    movzbl G_SYSCALL_MASK(%rdi), %ecx
    or %cl, INFO_MASK(%rdx)
    mov G_SYSCALL_RIP(%rdi), %rcx /* canonical, or 0: none */
    test %rcx, %rcx
    jz syscall_lost
    mov $EFLAGS_ALWAYS, %r11d
    mov REGS_RDX(%rdi), %rdx
    mov %rax, %rsp
    mov REGS_RAX(%rdi), %rax
    mov REGS_RDI(%rdi), %rdi
    sysretq

/* Events were masked in user mode: the frame says so. */
syscall_write_mask:
    movb $1, 28(%rax)
    andl $~EFLAGS_IF, 32(%rax)
    jmp syscall_written
syscall_write_end:
    RECOVER syscall_write, syscall_write_end, syscall_lost

/* RDI = vCPU; RAX, RDI and RDX are in regs; RCX and R11 are no longer worth keeping. */
syscall_lost:
    CLAC
    mov %rcx, REGS_RIP(%rdi)
    mov %r11, REGS_RFLAGS(%rdi)
    movq $SEL_USER_CS, REGS_CS(%rdi)
    jmp bounce_lost

/* The guest kernel: RSP = &regs.rsp. */
    .balign 16
syscall_from_kernel:
    cmp $__HYPERVISOR_iret, %rax
    je iret_entry
    push %r11
    pushq $SEL_USER_CS
    push %rcx
    movl $ENTRY_SYSCALL, (REGS_VECTOR - REGS_RIP)(%rsp)
    mov %rdi, (REGS_RDI - REGS_RIP)(%rsp)
    mov %rsi, (REGS_RSI - REGS_RIP)(%rsp)
    mov %rdx, (REGS_RDX - REGS_RIP)(%rsp)
    mov %r10, (REGS_R10 - REGS_RIP)(%rsp)
    mov %r8, (REGS_R8 - REGS_RIP)(%rsp)
    mov %r9, (REGS_R9 - REGS_RIP)(%rsp)
    mov %rax, (REGS_RAX - REGS_RIP)(%rsp)
    mov %rbx, (REGS_RBX - REGS_RIP)(%rsp)
    lea -REGS_RIP(%rsp), %rbx
    mov G_CPU_STACK(%rbx), %rsp
    mov %rbx, %rdi
    call upcall_hypercall
    cmpl $0, G_WORK(%rbx)
    jne hypercall_work
    cmpl $ENTRY_SYSCALL, REGS_VECTOR(%rbx)
    jne hypercall_work
    mov G_INFO(%rbx), %rax
    cmpw $1, (%rax)             /* pending and not masked */
    je hypercall_work
    mov REGS_RIP(%rbx), %rcx
    mov %rcx, %r11
    shr $47, %r11
    dec %r11
    jz hypercall_work           /* SYSRET must not see it */
    mov REGS_RFLAGS(%rbx), %r11
    mov REGS_RDI(%rbx), %rdi
    mov REGS_RSI(%rbx), %rsi
    mov REGS_RDX(%rbx), %rdx
    mov REGS_R10(%rbx), %r10
    mov REGS_R8(%rbx), %r8
    mov REGS_R9(%rbx), %r9
    mov REGS_RAX(%rbx), %rax
    mov REGS_RSP(%rbx), %rsp
    mov REGS_RBX(%rbx), %rbx
    sysretq

/* Also for a SYSCALL in the last bytes of the lower half: the next address is not canonical. */
hypercall_work:
    mov %rbp, REGS_RBP(%rbx)
    mov %r12, REGS_R12(%rbx)
    mov %r13, REGS_R13(%rbx)
    mov %r14, REGS_R14(%rbx)
    mov %r15, REGS_R15(%rbx)
    cmpl $ENTRY_SYSCALL, REGS_VECTOR(%rbx)
    jne guest_exit
    mov REGS_RIP(%rbx), %rcx    /* lost by SYSCALL; say what SYSRET would have left */
    mov %rcx, REGS_RCX(%rbx)
    mov REGS_RFLAGS(%rbx), %r11
    mov %r11, REGS_R11(%rbx)
    jmp guest_exit

/*
 * The iret hypercall: RAX, RCX and R11 come from the frame on the guest's stack, so they are free.
 * The frame is copied word by word, each read once, to where IRETQ wants it; the three registers
 * below it. Whatever the frame holds, IRETQ judges it: a fault there ends in the failsafe callback.
 */
    .balign 16
iret_entry:
    mov %rdx, O(REGS_R15)
    lea -REGS_RSP(%rsp), %rcx
    mov (%rsp), %rax
    mov %rax, %r11
    sar $43, %r11
    cmp $-16, %r11              /* in the hypervisor's part */
    je iret_slow
    lea REGS_END(%rcx), %rsp
    STAC
iret_read:
    pushq 64(%rax)              /* ss */
    pushq 56(%rax)              /* rsp */
    pushq 48(%rax)              /* rflags */
    pushq 40(%rax)              /* cs */
    pushq 32(%rax)              /* rip */
    pushq 24(%rax)              /* flags */
    pushq 16(%rax)              /* rcx */
    pushq 8(%rax)               /* r11 */
    pushq (%rax)                /* rax */
iret_read_end:
    CLAC
    mov REGS_RFLAGS(%rcx), %edx
    cmpb $0, G_ARCH_IOPL(%rcx)
    jne iret_slow
    testb $3, REGS_CS(%rcx)     /* user mode is RPL 3 and nothing else */
    jz iret_to_kernel
    jnp iret_to_kernel          /* one bit of the two */
    mov G_CR3_USER(%rcx), %r11
    test %r11, %r11
    jz iret_slow
    mov %r11, %cr3
    movb $0, G_IN_KERNEL(%rcx)
    swapgs
iret_go:
    orb $3, REGS_SS(%rcx)
    mov G_INFO(%rcx), %rax
    bt $9, %edx
    setnc INFO_MASK(%rax)
    and $EFLAGS_GUEST, %edx
    or $EFLAGS_ALWAYS, %edx
    mov %rdx, REGS_RFLAGS(%rcx)
    cmpw $1, (%rax)
    je iret_event
    testb $(VGCF_in_syscall >> 8), (REGS_ERROR + 1)(%rcx)
    jnz iret_by_sysret
    mov REGS_R15(%rcx), %rdx
iret_leave:
    pop %rax
    pop %r11
    pop %rcx
    lea 8(%rsp), %rsp
    .global iret_iretq
iret_iretq:
    iretq

iret_to_kernel:
    orb $3, REGS_CS(%rcx)
    jmp iret_go

/* The guest gives RCX and R11 away. Only for a plain 64-bit target with a canonical address. */
iret_by_sysret:
    cmpw $SEL_USER_CS, REGS_CS(%rcx)
    mov REGS_R15(%rcx), %rdx
    jne iret_leave
    mov REGS_RIP(%rcx), %rax
    shl $16, %rax
    sar $16, %rax
    cmp %rax, REGS_RIP(%rcx)
    jne iret_leave
    pop %rax
    mov REGS_RFLAGS(%rcx), %r11
    mov REGS_RSP(%rcx), %rsp
    mov REGS_RIP(%rcx), %rcx
    sysretq

/* Unmasking made an event deliverable: complete the registers and take the long way out. */
iret_event:
    mov REGS_R15(%rcx), %rdx
    pop %rax
    pop %r11
    pop %rcx
    movq $0, (%rsp)             /* error code and vector */
    PUSH_ALL
    lea -REGS(%rsp), %rbx
    mov G_CPU_STACK(%rbx), %rsp
    jmp guest_exit

/* C decides: regs as the guest had them at its hypercall. RAX = its stack, RCX = vCPU. */
    .global iret_slow
iret_slow:
    CLAC
    mov REGS_R15(%rcx), %rdx
    lea REGS_RSP(%rcx), %rsp
    mov %rax, (%rsp)
    pushq $EFLAGS_ALWAYS
    pushq $SEL_USER_CS
    sub $16, %rsp               /* rip is not needed; error code and vector */
    movq $0, (%rsp)
    movl $ENTRY_SYSCALL, 4(%rsp)
    mov $__HYPERVISOR_iret, %eax
    PUSH_ALL
    lea -REGS(%rsp), %rbx
    mov G_CPU_STACK(%rbx), %rsp
    mov %rbx, %rdi
    call upcall_iret
    jmp guest_exit
    .global iret_read, iret_read_end

/* SYSCALL in compatibility mode (AMD): RSP = &regs.rsp; to the syscall32 callback, else #UD. */
    .balign 16
syscall32_entry:
    push %r11
    pushq $SEL_USER32
    push %rcx
    pushq $0
    movl $ENTRY_SYSCALL, 4(%rsp)
    PUSH_ALL
    lea -REGS(%rsp), %rbx
    mov G_CPU_STACK(%rbx), %rsp
    mov %rbx, %rdi
    call syscall32_bounce
    jmp guest_exit

/* SYSENTER: ring 3, neither RIP nor RSP; the flags of user mode but IF, which was on. The stack
 * pointer that it loads is the end of regs. */
    .balign 16
    .global sysenter_entry
sysenter_entry:
    pushq $SEL_USER_DS
    pushq $0
    pushfq
    orl $EFLAGS_IF, (%rsp)
    pushq $2
    popfq                       /* NT, TF, AC, DF must not be ours */
    pushq $3
    pushq $0
    pushq $0
    movl $ENTRY_SYSCALL, 4(%rsp)
    PUSH_ALL
    lea -REGS(%rsp), %rbx
    mov G_CPU_STACK(%rbx), %rsp
    mov %rbx, %rdi
    call sysenter_bounce
    jmp guest_exit

    .section .bss
    .balign 64
    .global cpu_entry
    .hidden cpu_entry
cpu_entry:
    .skip CPUS_MAX * 64

    .section .note.GNU-stack, "", @progbits
