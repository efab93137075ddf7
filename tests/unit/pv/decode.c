/* SPDX-License-Identifier: MIT */
/* pv/decode.c: the instructions a kernel writes page tables with, and hostile byte strings. */
#include "../suite.h"

#include <check.h>
#include <string.h>

#include "pv/decode.h"

#define DECODE(in, is_64, ...)                                                               \
    ({                                                                                       \
        const uint8_t code[] = { __VA_ARGS__ };                                              \
        bool ok = insn_decode(code, sizeof(code), is_64, in);                                \
        for (size_t n = 0; ok && n < (in)->length; n++) {                                    \
            struct insn cut;                                                                 \
            ck_assert(!insn_decode(code, n, is_64, &cut)); /* needs every byte */            \
        }                                                                                    \
        ok;                                                                                  \
    })

START_TEST(page_table_writes)
{
    struct insn in;
    struct guest_regs r = { .rip = 0x1000, .rdi = 0x5000, .rax = 0x1122334455667788, .r12 = 0x10 };

    ck_assert(DECODE(&in, true, 0x48, 0x87, 0x07)); /* xchg %rax, (%rdi) */
    ck_assert_uint_eq(in.opcode, 0x87);
    ck_assert_uint_eq(in.op_bytes, 8);
    ck_assert_uint_eq(in.length, 3);
    ck_assert_uint_eq(insn_address(&in, &r), 0x5000);
    ck_assert_uint_eq(insn_register_get(&in, &r, in.reg), r.rax);

    ck_assert(DECODE(&in, true, 0xf0, 0x80, 0x67, 0x01, 0xfd)); /* lock andb $-3, 1(%rdi) */
    ck_assert(in.lock && in.has_memory);
    ck_assert_uint_eq(in.op_bytes, 1);
    ck_assert_int_eq(in.immediate, -3);
    ck_assert_uint_eq(insn_address(&in, &r), 0x5001);

    ck_assert(DECODE(&in, true, 0x4a, 0x89, 0x44, 0xe7, 0xf8)); /* mov %rax, -8(%rdi,%r12,8) */
    ck_assert_uint_eq(insn_address(&in, &r), 0x5000 + 0x80 - 8);

    /* cmpxchg %rcx, 0x100(%rip) */
    ck_assert(DECODE(&in, true, 0x48, 0x0f, 0xb1, 0x0d, 0x00, 0x01, 0x00, 0x00));
    ck_assert_uint_eq(in.opcode, 0x0fb1);
    ck_assert_uint_eq(insn_address(&in, &r), 0x1000 + 8 + 0x100);

    ck_assert(DECODE(&in, true, 0x48, 0xc7, 0x07, 0x00, 0x00, 0x00, 0x80)); /* movq $imm, (%rdi) */
    ck_assert_uint_eq((uint64_t)in.immediate, UINT64_C(0xffffffff80000000));
    ck_assert(DECODE(&in, true, 0x66, 0xc7, 0x07, 0x34, 0x12));
    ck_assert_int_eq(in.immediate, 0x1234);
    ck_assert_uint_eq(in.op_bytes, 2);
    ck_assert(DECODE(&in, true, 0x48, 0x0f, 0xba, 0x37, 0x06)); /* btrq $6, (%rdi) */
    ck_assert_int_eq(in.immediate, 6);
    ck_assert(DECODE(&in, true, 0x89, 0x04, 0x25, 0, 0, 0, 0x80)); /* no base: absolute, signed */
    ck_assert_uint_eq(insn_address(&in, &r), UINT64_C(0xffffffff80000000));
}
END_TEST

START_TEST(privileged)
{
    struct insn in;

    ck_assert(DECODE(&in, true, 0x44, 0x0f, 0x20, 0xc0)); /* mov %cr8, %rax */
    ck_assert_uint_eq(in.reg, 8);
    ck_assert(DECODE(&in, true, 0x0f, 0x22, 0x20)); /* mod is ignored for control registers */
    ck_assert(!in.has_memory);
    ck_assert_uint_eq(in.length, 3);
    ck_assert(DECODE(&in, false, 0xe4, 0xf8));
    ck_assert_uint_eq((uint8_t)in.immediate, 0xf8);
    ck_assert(DECODE(&in, true, 0xf3, 0x66, 0x6d)); /* rep insw */
    ck_assert(in.rep && in.op_bytes == 2);
    ck_assert(DECODE(&in, true, 0x48, 0x66, 0xed)); /* a REX before another prefix is void */
    ck_assert_uint_eq(in.op_bytes, 2);
    ck_assert(DECODE(&in, true, 0xcd, 0x80));
    ck_assert(!DECODE(&in, true, 0x0f, 0x05)); /* unknown */
    ck_assert(!DECODE(&in, true, 0xf7, 0x37)); /* div: not emulated */
}
END_TEST

START_TEST(byte_registers)
{
    struct insn in;
    struct guest_regs r = { .rbx = 0x1234, .rdi = 0xffffffffffffffff, .rsp = 0 };

    ck_assert(DECODE(&in, true, 0x88, 0x38)); /* mov %bh, (%rax) */
    ck_assert_uint_eq(insn_register_get(&in, &r, in.reg), 0x12);
    insn_register_set(&in, &r, in.reg, 0xab);
    ck_assert_uint_eq(r.rbx, 0xab34);
    ck_assert(DECODE(&in, true, 0x40, 0x88, 0x38)); /* mov %dil, (%rax) */
    insn_register_set(&in, &r, in.reg, 0);
    ck_assert_uint_eq(r.rdi, 0xffffffffffffff00);
    ck_assert(DECODE(&in, true, 0x89, 0x38));
    insn_register_set(&in, &r, in.reg, 1);
    ck_assert_uint_eq(r.rdi, 1); /* 32-bit results clear the upper half */
}
END_TEST

START_TEST(hostile_bytes)
{
    uint8_t code[32];
    uint64_t seed = 3;
    struct insn in;

    memset(code, 0x66, sizeof(code)); /* prefixes without end */
    ck_assert(!insn_decode(code, sizeof(code), true, &in));
    for (unsigned i = 0; i < 200000; i++) {
        size_t n;

        for (unsigned j = 0; j < 16; j++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            code[j] = (uint8_t)(seed >> 56);
        }
        n = (seed >> 40) % 17;
        if (insn_decode(code, n, i & 1, &in)) {
            ck_assert(in.length >= 1 && in.length <= n && in.length <= INSN_BYTES_MAX);
            ck_assert(in.reg < 16 && in.rm < 16 && (in.base < 16 || in.base == 0xff));
            ck_assert(in.op_bytes == 1 || in.op_bytes == 2 || in.op_bytes == 4 ||
                      in.op_bytes == 8);
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pv/decode");
    TCase *t = tcase_create("decode");

    tcase_add_test(t, page_table_writes);
    tcase_add_test(t, privileged);
    tcase_add_test(t, byte_registers);
    tcase_add_test(t, hostile_bytes);
    suite_add_tcase(s, t);
    return suite_run(s);
}
