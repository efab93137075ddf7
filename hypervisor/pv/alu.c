/* SPDX-License-Identifier: MIT */
/* Arithmetic of emulated instructions; see the header. */
#include "pv/alu.h"

#define ALU_ALL (ALU_CF | ALU_PF | ALU_AF | ALU_ZF | ALU_SF | ALU_OF)

static uint64_t result_flags(uint64_t r, unsigned bits)
{
    uint64_t f = 0;

    if (r == 0)
        f |= ALU_ZF;
    if (r >> (bits - 1) & 1)
        f |= ALU_SF;
    if (!__builtin_parity((unsigned)(r & 0xff)))
        f |= ALU_PF;
    return f;
}

/* r = a + b, with or without a carry in, in `bits` bits: the carries out are in the result. */
static uint64_t add_flags(uint64_t a, uint64_t b, uint64_t r, unsigned bits)
{
    uint64_t carries = (a & b) | ((a | b) & ~r), f = result_flags(r, bits);

    if (carries >> (bits - 1) & 1)
        f |= ALU_CF;
    if (((a ^ r) & (b ^ r)) >> (bits - 1) & 1)
        f |= ALU_OF;
    return f | ((a ^ b ^ r) & ALU_AF);
}

/* r = a - b, likewise. */
static uint64_t sub_flags(uint64_t a, uint64_t b, uint64_t r, unsigned bits)
{
    uint64_t borrows = (~a & b) | ((~a | b) & r), f = result_flags(r, bits);

    if (borrows >> (bits - 1) & 1)
        f |= ALU_CF;
    if (((a ^ b) & (a ^ r)) >> (bits - 1) & 1)
        f |= ALU_OF;
    return f | ((a ^ b ^ r) & ALU_AF);
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
    uint64_t carry = *rflags & ALU_CF, r, f;

    dst &= mask;
    if (op == ALU_BTS || op == ALU_BTR || op == ALU_BTC)
        return bit_op(op, dst, src & (bits - 1), rflags);
    src &= mask;
    switch (op) {
    case ALU_ADD:
    case ALU_ADC:
        carry = op == ALU_ADC ? carry : 0;
        r = (dst + src + carry) & mask;
        f = add_flags(dst, src, r, bits);
        break;
    case ALU_SUB:
    case ALU_SBB:
    case ALU_CMP:
        carry = op == ALU_SBB ? carry : 0;
        r = (dst - src - carry) & mask;
        f = sub_flags(dst, src, r, bits);
        break;
    case ALU_INC:
        r = (dst + 1) & mask;
        f = (add_flags(dst, 1, r, bits) & ~(uint64_t)ALU_CF) | carry;
        break;
    case ALU_DEC:
        r = (dst - 1) & mask;
        f = (sub_flags(dst, 1, r, bits) & ~(uint64_t)ALU_CF) | carry;
        break;
    case ALU_NEG:
        r = (0 - dst) & mask;
        f = sub_flags(0, dst, r, bits);
        break;
    case ALU_AND:
    case ALU_OR:
    case ALU_XOR:
        r = op == ALU_AND ? dst & src : op == ALU_OR ? dst | src : dst ^ src;
        f = result_flags(r, bits);
        break;
    case ALU_NOT:
        return ~dst & mask;
    default:
        return src;
    }
    *rflags = (*rflags & ~(uint64_t)ALU_ALL) | f;
    return r;
}
