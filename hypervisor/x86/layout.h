/* SPDX-License-Identifier: MIT */
/*
 * Where things are in the hypervisor's part of every address space: one L4 slot (512 GiB) for
 * each use, the same in all page tables. Also the layout of a CPU's own 2 MiB window. For C and
 * assembly.
 */
#ifndef LAMINA_X86_LAYOUT_H
#define LAMINA_X86_LAYOUT_H

#define SLOT_FIRST   256 /* M2P as guests see it, user-readable */
#define SLOT_IMAGE   257
#define SLOT_DEVICE  258
#define SLOT_M2P     259
#define SLOT_FRAMES  260
#define SLOT_CPUS    261
#define SLOT_DIRECT  262 /* to the last: 5 TiB of direct map */
#define SLOT_LAST    271
#define NR_SLOTS     16

#define IMAGE_VIRT   0xffff808000000000
#define DEVICE_VIRT  0xffff810000000000
#define CPUS_VIRT    0xffff828000000000
#define DIRECT_VIRT  0xffff830000000000
#define IMAGE_LINK_MADDR 0x200000 /* where a loader that cannot relocate puts the image */
#define IMAGE_MAX    0x1000000    /* 16 MiB: eight L1 tables */
#define IMAGE_TABLES 8

/* A CPU's window: descriptor tables, then its block, found from any stack in it by a mask. */
#define WINDOW_SIZE  0x200000
#define WINDOW_GDT   0x00000 /* 14 guest pages, the reserved page */
#define WINDOW_LDT   0x10000 /* 16 guest pages */
#define WINDOW_BLOCK 0x20000
#define BLOCK_SIZE   0x20000 /* pages: 0-7 struct machine_cpu and per-CPU data; stacks below */
#define BLOCK_PERCPU 0x1000  /* the copy of .data.percpu, at most 28 KiB */
#define BLOCK_PERCPU_MAX 0x7000
#define BLOCK_STACK_DB  0xa000 /* ends; each stack has an unmapped page below it */
#define BLOCK_STACK_NMI 0xc000
#define BLOCK_STACK_MC  0xe000
#define BLOCK_STACK_DF  0x10000
#define BLOCK_STACK     0x20000 /* 32 KiB of main stack end here */
#define BLOCK_STACK_PAGES 8
#define BLOCK_STACK_TOP (BLOCK_SIZE - 64) /* initial RSP: inside the block even when empty */

/* Selectors in the reserved page, as the ABI has them. */
#define SEL_CS       0xe008
#define SEL_DS       0xe010
#define SEL_USER32   0xe023
#define SEL_USER_DS  0xe02b
#define SEL_USER_CS  0xe033
#define SEL_TSS      0xe040
#define SEL_LDT      0xe050

#define IST_DB  1
#define IST_NMI 2
#define IST_MC  3
#define IST_DF  4

#endif
