/* SPDX-License-Identifier: MIT */
/*
 * CPUID with the emulation prefix: every leaf answers without harm, the signature is there, what a
 * PV guest cannot use is not offered, and leaves far away are not signatures.
 */
#include "check.h"

static uint32_t reg[4];

static void cpuid(uint32_t leaf, uint32_t subleaf)
{
    __asm__ volatile("ud2\n\t.ascii \"xen\"\n\tcpuid"
                     : "=a"(reg[0]), "=b"(reg[1]), "=c"(reg[2]), "=d"(reg[3])
                     : "0"(leaf), "2"(subleaf));
}

void test_main(void)
{
    uint32_t base_max;

    cpuid(0x40000000, 0);
    CHECK(reg[1], 0x566e6558); /* "XenV" "MMXe" "nVMM" */
    CHECK(reg[2], 0x65584d4d);
    CHECK(reg[3], 0x4d4d566e);
    base_max = reg[0];
    CHECK(base_max >= 0x40000002 && base_max < 0x40000100, 1);
    cpuid(0x40000001, 0);
    CHECK(reg[0] >> 16, 4);
    for (uint32_t leaf = 0x40000100; leaf < 0x40010000; leaf += 0x100) {
        cpuid(leaf, 0);
        if (reg[1] == 0x566e6558)
            CHECK(leaf, 0);
    }
    cpuid(1, 0);
    CHECK(reg[2] & 1u << 5, 0); /* VMX */
    CHECK(reg[2] & 1u << 3, 0); /* MONITOR */
    CHECK(reg[2] >> 31, 1);     /* there is a hypervisor */
    cpuid(0x80000001, 0);
    CHECK(reg[2] & 1u << 2, 0); /* SVM */
    CHECK(reg[3] >> 29 & 1, 1); /* long mode */
    for (uint32_t leaf = 0; leaf < 0x40; leaf++)
        for (uint32_t subleaf = 0; subleaf < 70; subleaf += 23)
            cpuid(leaf, subleaf);
    for (uint32_t leaf = 0x80000000; leaf < 0x80000040; leaf++)
        cpuid(leaf, ~0u);
    cpuid(~0u, ~0u);
    test_checks++;
}
