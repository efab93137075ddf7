/* SPDX-License-Identifier: MIT */
/*
 * Entry stubs. The hypervisor pushes rcx, r11, [error code,] rip, cs, rflags, rsp, ss; each stub
 * brings that to one shape with an error code and a vector, saves the rest, and calls C.
 */
.macro stub vector, has_error
    .balign 16
.if \has_error == 0
    pushq (%rsp)                /* make room for an error code of 0 above rcx and r11 */
    xchgq %rax, 16(%rsp)
    movq %rax, 8(%rsp)
    movq 16(%rsp), %rax
    movq $0, 16(%rsp)
.endif
    pushq $\vector
    jmp trap_common
.endm

    .text
    .balign 16
    .globl trap_stubs
trap_stubs:
    .set vector, 0
    .rept 32
    .if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21
    stub vector, 1
    .else
    stub vector, 0
    .endif
    .balign 64
    .set vector, vector + 1
    .endr

    .globl stub_syscall, stub_events, stub_failsafe
stub_syscall:
    stub 32, 0
    .balign 64
stub_events:                    /* one a vCPU, whose number is above the vector */
    .set vector, 33
    .rept 4
    stub vector, 0
    .balign 64
    .set vector, vector + 256
    .endr
stub_failsafe:                  /* ds, es, fs, gs come first: not restored here */
    movq 32(%rsp), %rcx
    movq 40(%rsp), %r11
    addq $32, %rsp
    stub 34, 0

trap_common:
    pushq %rax
    pushq %rbx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %rbp
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, %rdi
    movq %rsp, %rbp
    andq $-16, %rsp
    cld
    call trap_dispatch
    movq %rbp, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r10
    popq %r9
    popq %r8
    popq %rbp
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rbx
    popq %rax
    /* vector, rcx, r11, error code become rax, r11, rcx, flags: the iret hypercall's frame */
    movq 8(%rsp), %rcx
    movq 16(%rsp), %r11
    movq %rax, (%rsp)
    movq %r11, 8(%rsp)
    movq %rcx, 16(%rsp)
    movq $0, 24(%rsp)
    movl $23, %eax
    syscall
    ud2

/* user_enter(rip, rsp) */
    .globl user_enter
user_enter:
    pushq $0xe02b               /* ss */
    pushq %rsi
    pushq $0x202
    pushq $0xe033
    pushq %rdi
    pushq $0                    /* flags */
    pushq $0                    /* rcx */
    pushq $0                    /* r11 */
    pushq $0                    /* rax */
    movl $23, %eax
    syscall
    ud2
    .section .note.GNU-stack, "", @progbits
