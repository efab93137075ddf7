/* SPDX-License-Identifier: MIT */
/*
 * A new domain's vector registers hold nothing of whoever used the processor before: as domU, the
 * victim has had its own values in them all along.
 */
#include "check.h"

struct fxsave {
    uint16_t control, status;
    uint8_t tags, reserved;
    uint16_t opcode;
    uint64_t ip, data;
    uint32_t mxcsr, mxcsr_mask;
    uint64_t x87[8][2], xmm[16][2], rest[12];
} __attribute__((aligned(16)));

static struct fxsave state PAGE;
static uint8_t upper[32];

/* Switch AVX on and look at the upper halves; the processor may have none. */
static void save_upper_halves(void *to)
{
    uint64_t cr4;

    __asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("movq %0, %%cr4" : : "r"(cr4 | 1UL << 18));
    __asm__ volatile("xsetbv" : : "c"(0), "a"(7), "d"(0));
    __asm__ volatile("vextractf128 $1, %%ymm3, (%0)\n\tvextractf128 $1, %%ymm15, 16(%0)"
                     :
                     : "r"(to)
                     : "memory");
}

void test_main(void)
{
    uint64_t left = 0;

    __asm__ volatile("fxsaveq %0" : "=m"(state));
    (void)test_catch(save_upper_halves, upper);
    CHECK(state.control, 0x37f);
    CHECK(state.status, 0);
    CHECK(state.tags, 0);
    CHECK(state.mxcsr, 0x1f80);
    CHECK(state.ip, 0);
    CHECK(state.data, 0);
    for (unsigned i = 0; i < 8; i++)
        left |= state.x87[i][0] | state.x87[i][1];
    CHECK(left, 0);
    for (unsigned i = 0; i < 16; i++)
        left |= state.xmm[i][0] | state.xmm[i][1];
    CHECK(left, 0);
    for (unsigned i = 0; i < 32; i++)
        left |= upper[i];
    CHECK(left, 0);
}
