/* SPDX-License-Identifier: MIT */
/* Shared by the entry paths in assembly: recovery ranges, SMAP sites, register saving. */
#ifndef LAMINA_X86_ENTRY_H
#define LAMINA_X86_ENTRY_H

#include "asm_offsets.h"
#include "lib/limits.h"
#include "public/xen.h"
#include "x86/layout.h"
#include "x86/regs.h"

/* A fault of an instruction in [start, end) continues at `where`; see fault.c. */
.macro RECOVER start, end, where
    .pushsection .recovery, "a", @progbits
    .balign 8
    .quad \start, \end, \where
    .popsection
.endm

/* Three bytes that the boot CPU replaces by STAC or CLAC when there is SMAP. */
.macro SMAP_SITE last
    .pushsection .smap_sites, "a", @progbits
    .balign 8
    .quad .Lsmap\@, \last
    .popsection
.Lsmap\@:
    .byte 0x0f, 0x1f, 0x00
.endm
#define STAC SMAP_SITE 0xcb
#define CLAC SMAP_SITE 0xca

/* With RSP just above regs.rdi. */
.macro PUSH_ALL
    push %rdi
    push %rsi
    push %rdx
    push %rcx
    push %rax
    push %r8
    push %r9
    push %r10
    push %r11
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
.endm

.macro POP_ALL
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rax
    pop %rcx
    pop %rdx
    pop %rsi
    pop %rdi
.endm

#endif
