/* SPDX-License-Identifier: MIT */
/*
 * Malformed extended state: what XRSTOR may not load and what XCR0 may not be is a fault of the
 * guest's, at the guest's instruction, and the hypervisor saves and restores this vCPU as before.
 */
#include "check.h"

#define HEADER 64 /* 64-bit word of the area where the header begins */
#define MXCSR  6  /* 32-bit word */

static uint64_t area[512] PAGE;

static void set_osxsave(void *arg)
{
    uint64_t value;

    __asm__ volatile("movq %%cr4, %0" : "=r"(value));
    value |= 1UL << 18;
    __asm__ volatile("movq %0, %%cr4" : : "r"(value));
    (void)arg;
}

static void restore(void *from)
{
    __asm__ volatile("xrstor64 (%0)" : : "r"(from), "a"(~0u), "d"(~0u) : "memory");
}

static void save(void *to)
{
    __asm__ volatile("xsave64 (%0)" : : "r"(to), "a"(~0u), "d"(~0u) : "memory");
}

static void set_xcr0(void *value)
{
    uint64_t v = (uint64_t)value;

    __asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

static void set_wrong_register(void *number)
{
    __asm__ volatile("xsetbv" : : "c"((uint32_t)(uint64_t)number), "a"(3), "d"(0));
}

static void switches(void)
{
    for (unsigned i = 0; i < 16; i++) {
        struct sched_poll nap = { .timeout = test_now() + 100000 };

        (void)hypercall_sched_poll(&nap);
    }
}

void test_main(void)
{
    static const uint64_t bad_xcr0[] = { 0, 2, 5, 1UL << 63, ~0UL, 1UL << 10 | 3, 1UL << 5 | 3 };

    NEED(event_init());
    NEED(test_catch(set_osxsave, NULL) != -1);
    if (test_catch(save, area) != -1)
        test_skip("the processor has no XSAVE");
    for (unsigned i = 0; i < sizeof(bad_xcr0) / sizeof(bad_xcr0[0]); i++) {
        CHECK(test_catch(set_xcr0, (void *)bad_xcr0[i]), 13);
        switches();
    }
    CHECK(test_catch(set_xcr0, (void *)3UL), -1);
    CHECK(test_catch(set_wrong_register, (void *)1UL), 13);
    CHECK(test_catch(set_wrong_register, (void *)0xffffffffUL), 13);
    for (unsigned bit = 11; bit < 64; bit++) { /* state of a component that there is none of */
        area[HEADER] = 1UL << bit;
        CHECK(test_catch(restore, area), 13);
    }
    area[HEADER] = 3;
    area[HEADER + 1] = 1; /* a compact area, without the bit that says so */
    CHECK(test_catch(restore, area), 13);
    area[HEADER + 1] = 0;
    area[HEADER + 2] = 1; /* reserved */
    CHECK(test_catch(restore, area), 13);
    area[HEADER + 2] = 0;
    ((uint32_t *)area)[MXCSR] = 0x1f80;
    CHECK(test_catch(restore, (char *)area + 8), 13); /* not aligned */
    switches();
    CHECK(test_catch(restore, area), -1);
    CHECK(test_catch(save, area), -1);
    CHECK(((uint32_t *)area)[MXCSR], 0x1f80);
    switches();
}
