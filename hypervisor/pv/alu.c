/* SPDX-License-Identifier: MIT */
/* Arithmetic of emulated instructions; see the header. */
#include "pv/alu.h"

#define ALU_ALL (ALU_CF | ALU_PF | ALU_AF | ALU_ZF | ALU_SF | ALU_OF)

static uint64_t result_flags(uint64_t r, unsigned bits)
{
    return (r == 0 ? ALU_ZF : 0) | (r >> (bits - 1) & 1 ? ALU_SF : 0) |
           (__builtin_parity((unsigned)(r & 0xff)) ? 0 : ALU_PF);
}

/* `carries`: those out of each bit of an addition, or borrows of a subtraction. */
static uint64_t carry_flags(uint64_t carries, unsigned bits)
{
    bool out = carries >> (bits - 1) & 1, into_sign = carries >> (bits - 2) & 1;

    return (out ? ALU_CF : 0) | (out != into_sign ? ALU_OF : 0) | (carries >> 3 & 1 ? ALU_AF : 0);
}

static uint64_t bit_op(enum alu_op op, uint64_t dst, uint64_t bit, uint64_t *rflags)
{
    uint64_t mask = UINT64_C(1) << bit;

    *rflags = (*rflags & ~(uint64_t)ALU_CF) | (dst & mask ? ALU_CF : 0);
    return op == ALU_BTS ? dst | mask : op == ALU_BTR ? dst & ~mask : dst ^ mask;
}

uint64_t alu_apply(enum alu_op op, uint64_t dst, uint64_t src, unsigned bytes, uint64_t *rflags)
{
    unsigned bits = 8 * bytes;
    uint64_t mask = bytes == 8 ? ~UINT64_C(0) : (UINT64_C(1) << bits) - 1;
    uint64_t changed = ALU_ALL, carry = *rflags & ALU_CF, carries = 0, r;

    if (op == ALU_BTS || op == ALU_BTR || op == ALU_BTC)
        return bit_op(op, dst & mask, src & (bits - 1), rflags);
    if (op == ALU_MOV || op == ALU_NOT)
        return (op == ALU_MOV ? src : ~dst) & mask;
    if (op == ALU_INC || op == ALU_DEC) {
        src = 1;
        changed &= ~(uint64_t)ALU_CF;
    } else if (op == ALU_NEG) {
        src = dst;
        dst = 0;
    }
    dst &= mask;
    src &= mask;
    if (op != ALU_ADC && op != ALU_SBB)
        carry = 0;
    switch (op) {
    case ALU_ADD:
    case ALU_ADC:
    case ALU_INC:
        r = (dst + src + carry) & mask;
        carries = (dst & src) | ((dst | src) & ~r);
        break;
    case ALU_AND:
        r = dst & src;
        break;
    case ALU_OR:
        r = dst | src;
        break;
    case ALU_XOR:
        r = dst ^ src;
        break;
    default: /* sub, sbb, cmp, dec, neg */
        r = (dst - src - carry) & mask;
        carries = (~dst & src) | ((~dst | src) & r);
    }
    *rflags = (*rflags & ~changed) |
              ((result_flags(r, bits) | carry_flags(carries, bits)) & changed);
    return r;
}
