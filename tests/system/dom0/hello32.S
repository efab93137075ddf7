/* SPDX-License-Identifier: MIT */
/*
 * A 32-bit program in a 64-bit system, by all three ways into the kernel that it has: the old
 * interrupt gate, the kernel's own entry page (SYSENTER or SYSCALL, as the processor has it), and
 * a thread-local segment that the kernel puts into the descriptor table.
 * Exit status: 0, or the number of the step that failed.
 */
#define SYS_EXIT            1
#define SYS_WRITE           4
#define SYS_GETPID          20
#define SYS_SET_THREAD_AREA 243
#define AT_SYSINFO          32
#define TLS_FLAGS           0x51    /* 32-bit, limit in pages, usable */

    .text
    .globl _start
_start:
    movl    %esp, %ebp

    /* Step 1: int 0x80 answers with a process number. */
    movl    $SYS_GETPID, %eax
    int     $0x80
    movl    $1, %edi
    testl   %eax, %eax
    jle     fail
    movl    %eax, %esi

    /* Step 2: find the entry page in the auxiliary vector, behind arguments and environment. */
    movl    (%ebp), %eax
    leal    8(%ebp, %eax, 4), %ebx
1:  addl    $4, %ebx
    cmpl    $0, -4(%ebx)
    jne     1b
    movl    $2, %edi
2:  cmpl    $0, (%ebx)
    je      fail
    cmpl    $AT_SYSINFO, (%ebx)
    je      3f
    addl    $8, %ebx
    jmp     2b
3:  movl    4(%ebx), %ebx

    /* Step 3: the same answer through it, many times. */
    movl    %ebx, entry
    movl    $3, %edi
    movl    $1000, count
4:  movl    $SYS_GETPID, %eax
    call    *entry
    cmpl    %esi, %eax
    jne     fail
    decl    count
    jnz     4b

    /* Step 4: a segment of our own gives our own data. */
    movl    $4, %edi
    movl    $SYS_SET_THREAD_AREA, %eax
    movl    $descriptor, %ebx
    int     $0x80
    testl   %eax, %eax
    jnz     fail
    movl    descriptor, %eax
    leal    3(, %eax, 8), %eax
    movw    %ax, %gs
    cmpl    $0x600dda7a, %gs:0
    jne     fail
    movl    $SYS_GETPID, %eax
    int     $0x80
    cmpl    $0x600dda7a, %gs:0
    jne     fail

    movl    $SYS_WRITE, %eax
    movl    $1, %ebx
    movl    $text, %ecx
    movl    $text_size, %edx
    call    *entry
    xorl    %edi, %edi
fail:
    movl    $SYS_EXIT, %eax
    movl    %edi, %ebx
    int     $0x80

    .data
text:
    .ascii  "hello32: int 0x80, entry page and segment work\n"
    .set    text_size, . - text
    .balign 4
descriptor:
    .long   -1, local, 0xfffff, TLS_FLAGS
local:
    .long   0x600dda7a
entry:
    .long   0
count:
    .long   0

    .section .note.GNU-stack, "", @progbits
