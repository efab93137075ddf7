/* SPDX-License-Identifier: MIT */
/*
 * FPU state, switched eagerly with the vCPU: no state of one guest is ever in the registers while
 * another runs, whatever CR0.TS says. XSAVEOPT or XSAVE of every component that the processor and
 * this file know, so a guest's XCR0 limits what it can use but not what is switched; FXSAVE where
 * there is no XSAVE.
 */
#include "lib/string.h"
#include "x86/cpu.h"
#include "x86/recover.h"
#include "x86/upcall.h"

#define FXSAVE_BYTES 512
#define XSAVE_HEADER 64
/* x87, SSE, AVX, AVX-512: components that need no other register of their own. */
#define XCR0_KNOWN UINT64_C(0xe7)

static struct {
    uint64_t xcr0; /* 0: no XSAVE */
    size_t bytes;
    bool optimised;
} xsave;

static void xcr0_load(uint64_t value)
{
    struct machine_cpu *cpu = this_machine_cpu();

    if (cpu->xcr0 == value)
        return;
    if (!xsetbv_try(value)) /* values are checked when a guest chooses them */
        panic("XCR0 value %lx refused", value);
    cpu->xcr0 = value;
}

static void features_find(void)
{
    uint32_t r[4];

    machine_cpuid(0xd, 0, r);
    xsave.xcr0 = (r[0] | (uint64_t)r[3] << 32) & XCR0_KNOWN;
    if ((xsave.xcr0 & 0xe0) != 0xe0)
        xsave.xcr0 &= 7;
    xcr0_load(xsave.xcr0);
    machine_cpuid(0xd, 0, r);
    xsave.bytes = MAX(r[1], FXSAVE_BYTES + XSAVE_HEADER);
    machine_cpuid(0xd, 1, r);
    xsave.optimised = r[0] & 1;
}

void xsave_cpu_init(void)
{
    uint32_t r[4];

    this_machine_cpu()->xcr0 = 0;
    machine_cpuid(1, 0, r);
    if (!(r[2] >> 26 & 1)) {
        xsave.bytes = FXSAVE_BYTES;
        return;
    }
    cr4_set(cr4_get() | CR4_OSXSAVE);
    if (xsave.xcr0)
        xcr0_load(xsave.xcr0);
    else
        features_find();
}

size_t machine_xsave_size(void)
{
    return xsave.bytes;
}

uint64_t machine_xcr0(void)
{
    return xsave.xcr0;
}

void machine_xsave_init(struct guest_cpu *g)
{
    uint8_t *area = g->xsave;

    memset(area, 0, xsave.bytes);
    *(uint16_t *)area = 0x37f;                /* x87 control word */
    *(uint32_t *)(area + 24) = 0x1f80;        /* MXCSR */
    g->xcr0 = xsave.xcr0 ? 1 : 0;
}

/*
 * Some processors leave the x87 unit's last instruction and operand addresses alone unless an
 * exception is pending in what they load: a load of our own puts harmless ones there.
 */
static bool area_load(const struct guest_cpu *g)
{
    static const uint32_t zero;

    __asm__ volatile("fnclex; emms; fildl %0" ::"m"(zero));
    return xsave.xcr0 ? xrstor_try(g->xsave, xsave.xcr0) : fxrstor_try(g->xsave);
}

void machine_load_xcr0(struct guest_cpu *g)
{
    if (xsave.xcr0)
        xcr0_load((g->xcr0 & xsave.xcr0) | 1);
}

void xsave_load(struct guest_cpu *g)
{
    uint64_t xcr0 = g->xcr0;

    __asm__ volatile("clts");
    if (xsave.xcr0)
        xcr0_load(xsave.xcr0);
    /* A restored or tool-set image may be malformed: the vCPU then has the state after reset. */
    if (!area_load(g)) {
        machine_xsave_init(g);
        g->xcr0 = xcr0;
        if (!area_load(g))
            panic("the FPU refuses its reset state");
    }
    machine_load_xcr0(g);
}

void xsave_save(struct guest_cpu *g)
{
    const uint32_t low = (uint32_t)xsave.xcr0, high = (uint32_t)(xsave.xcr0 >> 32);

    __asm__ volatile("clts");
    if (!xsave.xcr0) {
        __asm__ volatile("fxsave64 (%0)" ::"r"(g->xsave) : "memory");
        return;
    }
    xcr0_load(xsave.xcr0);
    if (xsave.optimised)
        __asm__ volatile("xsaveopt64 (%0)" ::"r"(g->xsave), "a"(low), "d"(high) : "memory");
    else
        __asm__ volatile("xsave64 (%0)" ::"r"(g->xsave), "a"(low), "d"(high) : "memory");
}
