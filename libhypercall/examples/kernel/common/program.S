/* SPDX-License-Identifier: MIT */
/*
 * The user program: position-independent, copied to a page of its own. It says hello, waits for
 * five ticks of the clock by spinning (so it must be interrupted), tries to read kernel memory, and
 * is ended for that.
 */
    .section .rodata
    .balign 4096
    .globl program, program_end
program:
    movl $1, %eax                  /* print(text, bytes) */
    leaq hello(%rip), %rdi
    movl $hello_end - hello, %esi
    syscall
1:  movl $2, %eax                  /* ticks() */
    syscall
    cmpq $5, %rax
    jb 1b
    movl $1, %eax
    leaq ticked(%rip), %rdi
    movl $ticked_end - ticked, %esi
    syscall
    movq $0xffffffff80100000, %rax /* the kernel: not ours to read */
    movq (%rax), %rax
    movl $3, %eax                  /* exit(): not reached */
    syscall
    ud2
hello: .ascii "program: hello from user mode\n"
hello_end:
ticked: .ascii "program: the clock ticked five times\n"
ticked_end:
    .balign 4096
program_end:
    .section .note.GNU-stack, "", @progbits
