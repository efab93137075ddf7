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
    .irp reg, rdi, rsi, rdx, rcx, rax, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15
    push %\reg
    .endr
.endm

.macro POP_ALL
    .irp reg, r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi
    pop %\reg
    .endr
.endm

#endif
