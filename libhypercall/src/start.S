/* SPDX-License-Identifier: MIT */
/*
 * Entry of a guest kernel and the ELF notes by which a builder knows it. At entry RSI holds the
 * start info, events are masked, and a small stack exists; a larger one of our own replaces it.
 */
#include "public/elfnote.h"

    .section .text.start, "ax"
    .globl guest_entry
guest_entry:
    rdtsc                        /* first of all: what it took to get here */
    cld
    shlq $32, %rdx
    orq %rdx, %rax
    movq %rax, start_tsc(%rip)
    movq %rsi, start_info(%rip)
    leaq guest_stack_end(%rip), %rsp
    xorl %ebp, %ebp
    call guest_main
    xorl %edi, %edi              /* SHUTDOWN_poweroff */
    call guest_shutdown
    ud2

    .bss
    .balign 4096
    .globl guest_stack, guest_stack_end
guest_stack:
    .skip 16384
guest_stack_end:

    .data
    .balign 8
    .globl start_info, start_tsc
start_info:
    .quad 0
start_tsc:
    .quad 0

/* name size 4, descriptor size, type, "Xen", descriptor padded to 4 bytes */
.macro note type, bytes:vararg
    .balign 4
    .long 4, 2f - 1f, \type
    .asciz "Xen"
1:  \bytes
2:  .balign 4
.endm

    .section .note.Xen, "a", @note
    note XEN_ELFNOTE_GUEST_OS, .asciz "lamina-guest"
    note XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0"
    note XEN_ELFNOTE_LOADER, .asciz "generic"
    note XEN_ELFNOTE_PAE_MODE, .asciz "yes"
    note XEN_ELFNOTE_VIRT_BASE, .quad 0xffffffff80000000
    note XEN_ELFNOTE_PADDR_OFFSET, .quad 0
    note XEN_ELFNOTE_ENTRY, .quad guest_entry
    .section .note.GNU-stack, "", @progbits
