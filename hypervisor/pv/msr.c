/* SPDX-License-Identifier: MIT */
/*
 * Model-specific registers by white list. What is not listed is a #GP for the guest, with one
 * exception that old kernels need: before a guest has a #GP handler, and always if tools want it
 * so, a register that the processor has reads as 0 and swallows writes. No guest value ever reaches
 * a register unchecked.
 */
#include "lib/errno.h"
#include "mm/update.h"
#include "pv/guest_cpu.h"

#define MSR_TSC            0x10
#define MSR_PLATFORM_ID    0x17
#define MSR_APIC_BASE      0x1b
#define MSR_UCODE_REV      0x8b
#define MSR_MCG_CAP        0x179
#define MSR_MCG_STATUS     0x17a
#define MSR_MISC_ENABLE    0x1a0
#define MSR_PAT            0x277
#define MSR_MC0_CTL        0x400
#define MSR_MC_END         0x480
#define MSR_HYPERCALL_PAGE XEN_CPUID_FIRST_LEAF
#define MSR_EFER           0xc0000080
#define MSR_FS_BASE        0xc0000100
#define MSR_GS_BASE        0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX        0xc0000103
#define MSR_K7_PERF_FIRST  0xc0010000 /* four controls, four counters */
#define MSR_K7_PERF_LAST   0xc0010007
#define MSR_K8_HWCR        0xc0010015
#define MSR_AMD_DE_CFG     0xc0011029

#define EFER_VISIBLE        UINT64_C(0xd01) /* SCE, LME, LMA, NXE */
#define APIC_BASE_DEFAULT   UINT64_C(0xfee00800)
#define APIC_BASE_BSP       UINT64_C(0x100)
#define HWCR_TSC_FREQ_SEL   (UINT64_C(1) << 24)
#define DE_CFG_LFENCE_SERIAL UINT64_C(2)

#define VECTOR_GP 13

static bool is_strict(const struct vcpu *v)
{
    return v->arch.traps[VECTOR_GP].address != 0 && !v->domain->msr_relaxed;
}

/* The bases move with wrfsbase and wrgsbase, too: the processor knows best. NULL: another MSR. */
static uint64_t *base_of(struct guest_cpu *g, uint32_t msr)
{
    if (msr < MSR_FS_BASE || msr > MSR_KERNEL_GS_BASE)
        return NULL;
    machine_save_bases(g);
    return msr == MSR_FS_BASE ? &g->fs_base
           : msr == MSR_GS_BASE ? &g->gs_base_kernel : &g->gs_base_user;
}

static int base_write(struct guest_cpu *g, uint64_t *base, uint64_t value)
{
    if (!is_canonical(value))
        return -EFAULT;
    *base = value;
    machine_load_bases(g);
    return 0;
}

static int tsc_aux_write(struct vcpu *v, uint64_t value)
{
    if (value >> 32 != 0 || machine_wrmsr(MSR_TSC_AUX, value) != 0)
        return -EFAULT;
    v->arch.tsc_aux = value;
    return 0;
}

/* Machine-check banks, of which there are none, and counters that do not count: read as 0. */
static bool is_empty(uint32_t msr)
{
    return msr == MSR_MCG_CAP || msr == MSR_MCG_STATUS ||
           (msr >= MSR_MC0_CTL && msr < MSR_MC_END) ||
           (msr >= MSR_K7_PERF_FIRST && msr <= MSR_K7_PERF_LAST);
}

/* A constant as on a sane AMD processor; elsewhere the register does not exist. */
static int constant_read(uint64_t *value, uint32_t msr, uint64_t constant)
{
    uint64_t real;

    if (machine_rdmsr(msr, &real) != 0)
        return -EFAULT;
    *value = constant;
    return 0;
}

int msr_read(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    const uint64_t *base = base_of(&v->arch, msr);
    int rc;

    *value = base ? *base : 0;
    if (base || is_empty(msr))
        return 0;
    switch (msr) {
    case MSR_TSC_AUX:
        *value = v->arch.tsc_aux;
        return 0;
    case MSR_TSC:
        *value = machine_tsc();
        return 0;
    case MSR_APIC_BASE:
        *value = APIC_BASE_DEFAULT | (v->id == 0 ? APIC_BASE_BSP : 0);
        return 0;
    case MSR_EFER:
        rc = machine_rdmsr(msr, value);
        *value &= EFER_VISIBLE;
        return rc;
    case MSR_PAT:
    case MSR_UCODE_REV:
    case MSR_PLATFORM_ID:
    case MSR_MISC_ENABLE:
        return machine_rdmsr(msr, value);
    case MSR_K8_HWCR:
        return constant_read(value, msr, HWCR_TSC_FREQ_SEL);
    case MSR_AMD_DE_CFG:
        return constant_read(value, msr, DE_CFG_LFENCE_SERIAL);
    default:
        return is_strict(v) ? -EFAULT : constant_read(value, msr, 0);
    }
}

int msr_write(struct vcpu *v, uint32_t msr, uint64_t value)
{
    uint64_t *base = base_of(&v->arch, msr), real;

    if (base)
        return base_write(&v->arch, base, value);
    if (is_empty(msr))
        return 0;
    switch (msr) {
    case MSR_TSC_AUX:
        return tsc_aux_write(v, value);
    case MSR_HYPERCALL_PAGE:
        if ((value & ~PAGE_MASK) || hypercall_page_write(v->domain, maddr_to_mfn(value)))
            return -EFAULT;
        return 0;
    case MSR_UCODE_REV: /* written before each read of it */
    case MSR_K8_HWCR:
    case MSR_AMD_DE_CFG:
        return machine_rdmsr(msr, &real);
    case MSR_EFER:
    case MSR_PAT: /* what is there already may be written again */
    case MSR_MISC_ENABLE:
        return msr_read(v, msr, &real) == 0 && real == value ? 0 : -EFAULT;
    default:
        return is_strict(v) ? -EFAULT : machine_rdmsr(msr, &real);
    }
}
