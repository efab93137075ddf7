/* SPDX-License-Identifier: MIT */
/* Coroutines: what a function call keeps is on the stack, the stack pointer is the coroutine. */

/* sim_switch(void **save, void *to) */
    .text
    .global sim_switch
    .type sim_switch, @function
sim_switch:
    push %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    mov %rsi, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    ret

/* sim_stack_call(void (*function)(void), void *top): never returns */
    .global sim_stack_call
    .type sim_stack_call, @function
sim_stack_call:
    mov %rsi, %rsp
    xor %ebp, %ebp
    call *%rdi
    ud2
    .section .note.GNU-stack,"",@progbits
