/* SPDX-License-Identifier: MIT */
/*
 * The measured loops and the shortest handlers that a guest kernel can have, in assembly so that
 * the guest's own instructions can be counted: each loop says how many it has a turn, its handler's
 * included. What is left of the time is the hypervisor's (the processor's SYSCALL, IRETQ and faults
 * count as the one instruction that causes them).
 *
 * A kernel loop is called with the number of turns in RDI and returns the ticks in RAX. A user loop
 * gets the turns in RAX and ends with INT3 or SYSCALL, ticks in R13 - R12.
 */
#include "public/xen.h"

.macro ticks reg
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    movq %rax, \reg
.endm

.macro begin name
    .globl \name
\name:
    pushq %rbx
    pushq %r12
    pushq %r13
    movq %rdi, %rbx
    movq %rsi, %r8
    movq %rdx, %r9
    ticks %r12
1:
.endm

/* Two guest instructions a turn: decq and jnz. */
.macro end
    decq %rbx
    jnz 1b
    ticks %r13
    movq %r13, %rax
    subq %r12, %rax
    popq %r13
    popq %r12
    popq %rbx
    ret
.endm

    .text
begin loop_empty                /* 2 */
end

begin loop_hypercall            /* 2 + 3 */
    movl $__HYPERVISOR_xen_version, %eax
    xorl %edi, %edi
    syscall
end

begin loop_kernel_bp            /* 2 + 1, and 8 of bounce_back */
    int3
end

begin loop_kernel_ud            /* 2 + 1, and 9 of bounce_ud */
    ud2
end

begin loop_kernel_pf            /* 2 + 1, and 9 of bounce_pf; reads the address 4096 */
    movb 4096, %al
end

/* (turns, entry, value) alternately a value and the same without RW: 2 + 4, two writes. */
begin loop_pte_flags
    movq %r9, (%r8)
    xorq $2, %r9
    movq %r9, (%r8)
    xorq $2, %r9
end

/* (turns, entry, value): made present and cleared: 2 + 2, two writes. */
begin loop_pte_general
    movq %r9, (%r8)
    movq $0, (%r8)
end

/* (turns, structure): event to oneself: 2 + 4, and 13 of event_back. */
begin loop_event
    movl $__HYPERVISOR_event_channel_op, %eax
    movl $4, %edi
    movq %r8, %rsi
    syscall
end

/* (turns, address, entry) update_va_mapping without a flush, changing RW: 2 + 6. */
begin loop_va
    movl $__HYPERVISOR_update_va_mapping, %eax
    movq %r8, %rdi
    movq %r9, %rsi
    xorl %edx, %edx
    xorq $2, %r9
    syscall
end

.macro user name
    .globl \name
\name:
    movq %rax, %rbx
    ticks %r12
1:
.endm
.macro user_end
    decq %rbx
    jnz 1b
    ticks %r13
.endm

user user_syscalls              /* 2 + 1, and 8 of bounce_back */
    syscall
user_end
    int3

user user_bp                    /* 2 + 1, and 8 of bounce_back */
    int3
user_end
    syscall

user user_pf                    /* 2 + 1, and 9 of bounce_pf */
    movb 4096, %al
user_end
    syscall

/* ---- handlers: straight back -------------------------------------------------------------- */
    .globl bounce_back, bounce_ud, bounce_pf, event_back
bounce_ud:
    addq $2, 16(%rsp)
bounce_back:
    popq %rcx
    popq %r11
    pushq $0
    pushq %rcx
    pushq %r11
    pushq %rax
    movl $__HYPERVISOR_iret, %eax
    syscall

bounce_pf:                      /* the error code's place is the iret frame's flags */
    addq $7, 24(%rsp)
    popq %rcx
    popq %r11
    movq $0, (%rsp)
    pushq %rcx
    pushq %r11
    pushq %rax
    movl $__HYPERVISOR_iret, %eax
    syscall

event_back:
    popq %rcx
    popq %r11
    pushq $0
    pushq %rcx
    pushq %r11
    pushq %rax
    movq event_info, %rax       /* vcpu_info: pending off, selector 0 */
    movb $0, (%rax)
    movq $0, 8(%rax)
    movq event_word, %rax       /* the word of pending bits */
    movq $0, (%rax)
    movl $__HYPERVISOR_iret, %eax
    syscall
    .section .note.GNU-stack, "", @progbits
