/* SPDX-License-Identifier: MIT */
/* Entry from exceptions, interrupts and system calls, and the way to user mode. */
    .text
    .altmacro

/* 34 stubs of 16 bytes: exceptions, then the timer (32) and the other CPU (33). */
.macro stub vector
    .balign 16
.if !(\vector == 8 || (\vector >= 10 && \vector <= 14) || \vector == 17 || \vector == 21)
    pushq $0
.endif
    pushq $\vector
    jmp common
.endm

    .balign 16
    .globl trap_stubs
trap_stubs:
    .set number, 0
    .rept 34
    stub %number
    .set number, number + 1
    .endr

common:
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    movq 72(%rsp), %rdi            /* vector */
    movq 88(%rsp), %rsi            /* rip */
    movq 96(%rsp), %rdx            /* cs */
    pushq %rbp
    movq %rsp, %rbp
    andq $-16, %rsp
    cld
    call metal_trap
    movq %rbp, %rsp
    popq %rbp
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rax
    addq $16, %rsp
    iretq

/* SYSCALL: RCX and R11 hold RIP and RFLAGS; only the first CPU runs programs. */
    .globl call_entry
call_entry:
    movq %rsp, user_rsp(%rip)
    leaq call_stack_end(%rip), %rsp
    pushq %rcx
    pushq %r11
    pushq %rdx                     /* struct call */
    pushq %rsi
    pushq %rdi
    pushq %rax
    movq %rsp, %rdi
    sti
    call kernel_call
    cli
    popq %rax
    popq %rdi
    popq %rsi
    popq %rdx
    popq %r11
    popq %rcx
    movq user_rsp(%rip), %rsp
    sysretq

/* machine_user_enter(rip, rsp) */
    .globl machine_user_enter
machine_user_enter:
    cli
    movq %rdi, %rcx
    movq %rsi, %rsp
    movl $0x202, %r11d
    xorl %eax, %eax
    sysretq

    .bss
    .balign 16
user_rsp:
    .skip 16
    .skip 8192
call_stack_end:
    .skip 8192
    .globl trap_stack_end
trap_stack_end:
    .section .note.GNU-stack, "", @progbits
