/* SPDX-License-Identifier: MIT */
/* pv/alu.c: results and flags against those of the processor that runs the test. */
#include "../suite.h"

#include <check.h>

#include "pv/alu.h"

#define FLAGS (ALU_CF | ALU_PF | ALU_AF | ALU_ZF | ALU_SF | ALU_OF)
/* AF is undefined after the logical operations. */
#define FLAGS_LOGIC (FLAGS & ~ALU_AF)

#define ON_CPU(insn, r, dst, src, flags)                                                     \
    __asm__("push %[f]; popfq; " insn " %[s], %[d]; pushfq; pop %[f]"                        \
            : [d] "+r"(r), [f] "+r"(flags)                                                   \
            : [s] "r"(src)                                                                   \
            : "cc")

#define COMPARE(op, insn, type, mask)                                                        \
    do {                                                                                     \
        type r = (type)dst, s = (type)src;                                                   \
        uint64_t real = 0x202 | carry, mine = real;                                          \
        uint64_t result = alu_apply(op, dst, src, sizeof(type), &mine);                      \
        ON_CPU(insn, r, dst, s, real);                                                       \
        ck_assert_uint_eq(result, op == ALU_CMP ? (type)(dst - src) : r);                    \
        ck_assert_uint_eq(mine & (mask), real & (mask));                                     \
    } while (0)

#define ALL_SIZES(op, insn, mask)                                                            \
    do {                                                                                     \
        COMPARE(op, insn "b", uint8_t, mask);                                                \
        COMPARE(op, insn "w", uint16_t, mask);                                               \
        COMPARE(op, insn "l", uint32_t, mask);                                               \
        COMPARE(op, insn "q", uint64_t, mask);                                               \
    } while (0)

static uint64_t value(unsigned i, uint64_t *seed)
{
    static const uint64_t edges[] = { 0,          1,          0x7f,       0x80,
                                      0xff,       0x7fff,     0x8000,     0xffff,
                                      0x7fffffff, 0x80000000, 0xffffffff, INT64_MAX,
                                      UINT64_MAX, UINT64_C(1) << 63 };

    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return i < 14 ? edges[i] : *seed ^ (*seed >> 31);
}

START_TEST(agrees_with_the_processor)
{
    uint64_t seed = 7;

    for (unsigned i = 0; i < 64; i++)
        for (unsigned j = 0; j < 64; j++)
            for (uint64_t carry = 0; carry < 2; carry++) {
                uint64_t dst = value(i, &seed), src = value(j, &seed);

                ALL_SIZES(ALU_ADD, "add", FLAGS);
                ALL_SIZES(ALU_ADC, "adc", FLAGS);
                ALL_SIZES(ALU_SUB, "sub", FLAGS);
                ALL_SIZES(ALU_SBB, "sbb", FLAGS);
                ALL_SIZES(ALU_AND, "and", FLAGS_LOGIC);
                ALL_SIZES(ALU_OR, "or", FLAGS_LOGIC);
                ALL_SIZES(ALU_XOR, "xor", FLAGS_LOGIC);
                COMPARE(ALU_BTS, "btsl", uint32_t, ALU_CF);
                COMPARE(ALU_BTR, "btrq", uint64_t, ALU_CF);
                COMPARE(ALU_BTC, "btcq", uint64_t, ALU_CF);
            }
}
END_TEST

START_TEST(one_operand)
{
    uint64_t flags = ALU_CF;

    ck_assert_uint_eq(alu_apply(ALU_INC, 0xff, 0, 1, &flags), 0);
    ck_assert_uint_eq(flags, ALU_CF | ALU_ZF | ALU_PF | ALU_AF);
    flags = 0;
    ck_assert_uint_eq(alu_apply(ALU_DEC, 0x80, 0, 1, &flags), 0x7f);
    ck_assert_uint_eq(flags, ALU_OF | ALU_AF);
    ck_assert_uint_eq(alu_apply(ALU_NEG, 1, 0, 8, &flags), UINT64_MAX);
    ck_assert_uint_eq(flags, ALU_CF | ALU_SF | ALU_PF | ALU_AF);
    flags = 0x55;
    ck_assert_uint_eq(alu_apply(ALU_NOT, 0x0f, 0, 2, &flags), 0xfff0);
    ck_assert_uint_eq(alu_apply(ALU_MOV, 1, 2, 4, &flags), 2);
    ck_assert_uint_eq(flags, 0x55);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pv/alu");
    TCase *t = tcase_create("alu");

    tcase_add_test(t, agrees_with_the_processor);
    tcase_add_test(t, one_operand);
    suite_add_tcase(s, t);
    return suite_run(s);
}
