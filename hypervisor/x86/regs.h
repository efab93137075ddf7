/* SPDX-License-Identifier: MIT */
/* Control register bits, model-specific registers and page-table bits. For C and assembly. */
#ifndef LAMINA_X86_REGS_H
#define LAMINA_X86_REGS_H

#define CR0_PE 0x00000001
#define CR0_MP 0x00000002
#define CR0_TS 0x00000008
#define CR0_ET 0x00000010
#define CR0_NE 0x00000020
#define CR0_WP 0x00010000
#define CR0_AM 0x00040000
#define CR0_PG 0x80000000

#define CR4_DE         0x00000008
#define CR4_PAE        0x00000020
#define CR4_MCE        0x00000040
#define CR4_PGE        0x00000080
#define CR4_OSFXSR     0x00000200
#define CR4_OSXMMEXCPT 0x00000400
#define CR4_FSGSBASE   0x00010000
#define CR4_OSXSAVE    0x00040000
#define CR4_SMEP       0x00100000
#define CR4_SMAP       0x00200000

#define EFLAGS_TF   0x00000100
#define EFLAGS_IF   0x00000200
#define EFLAGS_DF   0x00000400
#define EFLAGS_IOPL 0x00003000
#define EFLAGS_NT   0x00004000
#define EFLAGS_RF   0x00010000
#define EFLAGS_VM   0x00020000
#define EFLAGS_AC   0x00040000
/* What a guest may have in RFLAGS: arithmetic flags, TF, DF, NT, RF, AC, ID. */
#define EFLAGS_GUEST 0x00254dd5
#define EFLAGS_ALWAYS 0x00000202 /* bit 1 and IF */

#define MSR_APIC_BASE      0x1b
#define MSR_SYSENTER_CS    0x174
#define MSR_SYSENTER_ESP   0x175
#define MSR_SYSENTER_EIP   0x176
#define MSR_PAT            0x277
#define MSR_EFER           0xc0000080
#define MSR_STAR           0xc0000081
#define MSR_LSTAR          0xc0000082
#define MSR_CSTAR          0xc0000083
#define MSR_SFMASK         0xc0000084
#define MSR_FS_BASE        0xc0000100
#define MSR_GS_BASE        0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX        0xc0000103

#define EFER_SCE 0x001
#define EFER_LME 0x100
#define EFER_NXE 0x800

#define PTE_P   0x001
#define PTE_RW  0x002
#define PTE_US  0x004
#define PTE_PWT 0x008
#define PTE_PCD 0x010
#define PTE_A   0x020
#define PTE_D   0x040
#define PTE_PSE 0x080
#define PTE_G   0x100

#ifndef __ASSEMBLER__
#include "lib/types.h"
#define PTE_NX   (UINT64_C(1) << 63)
#define PTE_ADDR UINT64_C(0x000ffffffffff000)
/* Table entries of the hypervisor, and leaf entries for data. */
#define PTE_TABLE (PTE_P | PTE_RW | PTE_A)
#define PTE_DATA  (PTE_P | PTE_RW | PTE_A | PTE_D | PTE_G | PTE_NX)
#define PTE_RODATA (PTE_P | PTE_A | PTE_D | PTE_G | PTE_NX)

static inline uint64_t msr_get(uint32_t msr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void msr_set(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" ::"a"((uint32_t)value), "d"((uint32_t)(value >> 32)), "c"(msr)
                     : "memory");
}

static inline void tlb_drop_page(uint64_t va)
{
    __asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}

static inline void caches_write_back(void)
{
    __asm__ volatile("wbinvd" ::: "memory");
}

static inline uint64_t cr4_get(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

static inline void cr4_set(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr4" ::"r"(value) : "memory");
}

static inline void cr3_set(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr3" ::"r"(value) : "memory");
}

static inline uint64_t cr3_get(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}
#endif

#endif
