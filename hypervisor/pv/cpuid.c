/* SPDX-License-Identifier: MIT */
/*
 * CPUID as a guest sees it: the processor's answer through a white list. A bit that is not listed
 * does not exist; a leaf that is not listed reads as zero. Hidden on purpose: virtualization, the
 * x2APIC and MTRRs (the hypervisor's own), PCID and INVPCID, SMEP, SMAP and UMIP (ring 3 kernels
 * gain nothing), global and large pages (page tables are the hypervisor's to check), MONITOR.
 */
#include "core/domain.h"
#include "lib/string.h"
#include "pv/guest_cpu.h"
#include "sys/percpu.h"

#define BIT32(n) (UINT32_C(1) << (n))

#define CR4_TSD      UINT64_C(0x4)
#define CR4_DE       UINT64_C(0x8)
#define CR4_FSGSBASE UINT64_C(0x10000)
#define CR4_OSXSAVE  UINT64_C(0x40000)
#define CR4_ALWAYS   UINT64_C(0x620) /* PAE, OSFXSR, OSXMMEXCPT */

/* FPU DE TSC MSR PAE MCE CX8 APIC SEP MCA CMOV PAT CLFSH ACPI MMX FXSR SSE SSE2 SS */
#define LEAF1_EDX 0x0fc9cbf5u
/* SSE3 PCLMUL SSSE3 FMA CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES XSAVE AVX F16C RDRAND */
#define LEAF1_ECX      0x76d83203u
#define ECX_XSAVE      BIT32(26)
#define ECX_OSXSAVE    BIT32(27)
#define ECX_HYPERVISOR BIT32(31)
#define ECX_NEEDS_AVX  (BIT32(12) | BIT32(28) | BIT32(29))
/* FSGSBASE BMI1 AVX2 FDP_EXCPTN_ONLY BMI2 ERMS RDSEED ADX CLFLUSHOPT CLWB SHA; AVX-512 F DQ IFMA CD
 * BW VL */
#define LEAF7_EBX        0xf1af0369u
#define EBX_FSGSBASE     BIT32(0)
#define EBX_NEEDS_AVX    BIT32(5)
#define EBX_NEEDS_AVX512 0xd0230000u
/* VAES VPCLMULQDQ; AVX-512 VBMI VBMI2 VNNI BITALG VPOPCNTDQ; GFNI RDPID MOVDIRI MOVDIR64B */
#define LEAF7_ECX        0x18405f42u
#define ECX_NEEDS_AVX512 0x00005842u
/* FSRM MD_CLEAR SERIALIZE; AVX-512 4VNNIW 4FMAPS VP2INTERSECT */
#define LEAF7_EDX        0x0000451cu
#define EDX_NEEDS_AVX512 0x0000010cu
#define LEAF7_1_EAX      0x00001c10u /* AVX_VNNI, fast short REP MOVSB, STOSB, CMPSB */
/* LAHF LZCNT SSE4A MISALIGNSSE PREFETCHW XOP FMA4 TBM */
#define LEAF8_1_ECX 0x002109e1u
/* AMD's copy of leaf 1; SYSCALL NX MMXEXT RDTSCP LM 3DNOWEXT 3DNOW */
#define LEAF8_1_EDX 0xe9d1cbf5u
#define LEAF8_8_EBX 0x00000005u /* CLZERO, RSTR_FP_ERR_PTRS; reserved on Intel's */
#define EDX_INVARIANT_TSC BIT32(8)

#define XCR0_AVX    UINT64_C(0x04)
#define XCR0_AVX512 UINT64_C(0xe0)

#define ALL   UINT32_MAX
#define ALL_4 { ALL, ALL, ALL, ALL }

/* The leaves there are, and what is kept of each: eax ebx ecx edx. */
static const struct {
    uint32_t leaf, kept[4];
} leaves[] = {
    { 0x0, ALL_4 },
    { 0x1, { ALL, 0x0000ffff, LEAF1_ECX, LEAF1_EDX } },
    { 0x2, ALL_4 }, /* caches and TLBs */
    { 0x4, ALL_4 },
    { 0x7, { ALL, LEAF7_EBX, LEAF7_ECX, LEAF7_EDX } },
    { 0xd, ALL_4 },
    { 0x80000000, ALL_4 },
    { 0x80000001, { ALL, ALL, LEAF8_1_ECX, LEAF8_1_EDX } },
    { 0x80000002, ALL_4 }, /* the name, and caches */
    { 0x80000003, ALL_4 },
    { 0x80000004, ALL_4 },
    { 0x80000005, ALL_4 },
    { 0x80000006, ALL_4 },
    { 0x80000007, { 0, 0, 0, EDX_INVARIANT_TSC } },
    { 0x80000008, { 0xffff, LEAF8_8_EBX, 0, 0 } }, /* address widths */
};

uint64_t cr4_fix(uint64_t cr4)
{
    uint32_t r1[4], r7[4];
    uint64_t allowed = CR4_TSD | CR4_DE;

    machine_cpuid(1, 0, r1);
    machine_cpuid(7, 0, r7);
    if (r1[2] & ECX_XSAVE)
        allowed |= CR4_OSXSAVE;
    if (r7[1] & EBX_FSGSBASE)
        allowed |= CR4_FSGSBASE;
    return (cr4 & allowed) | CR4_ALWAYS;
}

static void hypervisor_leaf(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    struct machine_clock clock;

    switch (leaf - XEN_CPUID_FIRST_LEAF) {
    case 0:
        out[0] = XEN_CPUID_LEAF(XEN_CPUID_MAX_NUM_LEAVES);
        out[1] = XEN_CPUID_SIGNATURE_EBX;
        out[2] = XEN_CPUID_SIGNATURE_ECX;
        out[3] = XEN_CPUID_SIGNATURE_EDX;
        break;
    case 1:
        out[0] = 4 << 16 | 17;
        break;
    case 2:
        out[0] = 1;                    /* hypercall pages */
        out[1] = XEN_CPUID_FIRST_LEAF; /* the MSR that places one */
        out[2] = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD;
        break;
    case 3:
        machine_clock_read(&clock);
        if (sub == 0) {
            out[0] = clock.stable ? BIT32(1) | BIT32(2) : 0; /* host TSC: safe, reliable */
            out[1] = 2;                                      /* the guest reads it natively */
            out[2] = (uint32_t)machine_tsc_khz();
        } else if (sub == 1) {
            out[2] = clock.mul;
            out[3] = (uint32_t)(int32_t)clock.shift;
        } else if (sub == 2) {
            out[0] = (uint32_t)machine_tsc_khz();
        }
        break;
    case 5:
        out[1] = machine_maddr_bits() & XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK;
        break;
    default:
        break; /* leaf 4 describes HVM guests: nothing */
    }
}

/* One logical processor a package; the APIC id is told by platform_op, here it is 0. */
static void leaf_1(const struct vcpu *v, uint32_t out[4])
{
    out[1] |= 1 << 16;
    out[2] |= ECX_HYPERVISOR;
    if (!(machine_xcr0() & XCR0_AVX))
        out[2] &= ~ECX_NEEDS_AVX;
    if ((out[2] & ECX_XSAVE) && (v == NULL || (v->arch.cr4 & CR4_OSXSAVE)))
        out[2] |= ECX_OSXSAVE;
}

static void leaf_7(uint32_t sub, uint32_t out[4])
{
    if (sub != 0) {
        out[0] = sub == 1 ? out[0] & LEAF7_1_EAX : 0;
        out[1] = out[2] = out[3] = 0;
        return;
    }
    out[0] = MIN(out[0], 1u);
    if ((machine_xcr0() & XCR0_AVX512) != XCR0_AVX512) {
        out[1] &= ~EBX_NEEDS_AVX512;
        out[2] &= ~ECX_NEEDS_AVX512;
        out[3] &= ~EDX_NEEDS_AVX512;
    }
    if (!(machine_xcr0() & XCR0_AVX))
        out[1] &= ~EBX_NEEDS_AVX;
}

/* XSAVE: the components that guests may enable, and the sizes that go with the guest's choice. */
static void leaf_d(const struct vcpu *v, uint32_t sub, uint32_t out[4])
{
    uint64_t allowed = machine_xcr0(), chosen = v ? v->arch.xcr0 : allowed;
    uint32_t enabled = 576, all = 576, r[4];

    if (sub >= 2) {
        if (sub > 62 || !(allowed >> sub & 1))
            memset(out, 0, 4 * sizeof(out[0]));
        return;
    }
    for (unsigned i = 2; i < 63; i++) {
        if (!(allowed >> i & 1))
            continue;
        machine_cpuid(0xd, i, r);
        all = MAX(all, r[0] + r[1]);
        if (chosen >> i & 1)
            enabled = MAX(enabled, r[0] + r[1]);
    }
    if (sub == 0) {
        out[0] = (uint32_t)allowed;
        out[1] = enabled;
        out[2] = all;
        out[3] = (uint32_t)(allowed >> 32);
    } else {
        out[0] &= 7; /* XSAVEOPT, XSAVEC, XGETBV(1); no supervisor states */
        out[1] = enabled;
        out[2] = out[3] = 0;
    }
}

static void native_leaf(const struct vcpu *v, const struct domain *d, uint32_t leaf, uint32_t sub,
                        uint32_t out[4])
{
    for (unsigned i = 0; i < ARRAY_SIZE(leaves); i++) {
        if (leaves[i].leaf != leaf)
            continue;
        machine_cpuid(leaf, sub, out);
        for (unsigned r = 0; r < 4; r++)
            out[r] &= leaves[i].kept[r];
    }
    switch (leaf) {
    case 0:
        out[0] = MIN(out[0], 0xdu);
        break;
    case 1:
        leaf_1(v, out);
        break;
    case 7:
        leaf_7(sub, out);
        break;
    case 0xd:
        leaf_d(v, sub, out);
        break;
    case 0x80000000:
        out[0] = MIN(out[0], 0x80000008u);
        break;
    case 0x80000007:
        if (!d || !d->is_control) /* not for domains that may move to another machine */
            out[3] = 0;
        break;
    default:
        break;
    }
}

void cpuid_policy(const struct domain *d, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    const struct vcpu *v = current;
    uint32_t max[4];

    if (v != NULL && v->domain != d)
        v = NULL; /* a tool asks: nobody's choices apply */
    memset(out, 0, 4 * sizeof(out[0]));
    if (leaf >> 16 == XEN_CPUID_FIRST_LEAF >> 16) {
        hypervisor_leaf(leaf, sub, out);
        return;
    }
    machine_cpuid(leaf & 0x80000000, 0, max);
    if (leaf <= max[0]) /* beyond the last leaf processors repeat another one */
        native_leaf(v, d, leaf, sub, out);
}
