/* SPDX-License-Identifier: MIT */
/*
 * The decoder: prefixes, REX, opcode, ModRM, SIB, displacement, immediate, in that order. What an
 * opcode carries stands in two tables; an opcode that is not in them is refused, so that nothing is
 * emulated by accident. Guarantees that it reads no byte beyond `n` and that length is at most 15.
 */
#include "pv/decode.h"

#define KNOWN 0x01
#define MODRM 0x02 /* has a ModRM byte */
#define WIDTH 0x04 /* bit 0 of the opcode clear: the operand is 8 bits wide */
#define IMM8  0x08 /* immediate of one byte */
#define IMM   0x10 /* immediate of operand size, at most 4 bytes */
#define MOFFS 0x20 /* address of address size instead of ModRM */
#define REGS  0x40 /* ModRM names two registers whatever its mod field (control, debug) */
#define PREFIX 0x80 /* no opcode; a REX has no entry, for it is one in 64-bit code only */

#define ALU(o) [o ... (o) + 1] = KNOWN | MODRM | WIDTH

static const uint8_t one_byte[256] = {
    ALU(0x00), ALU(0x08), ALU(0x10), ALU(0x18), ALU(0x20), ALU(0x28), ALU(0x30),
    [0x26] = PREFIX, [0x2e] = PREFIX, [0x36] = PREFIX, [0x3e] = PREFIX, [0x64 ... 0x67] = PREFIX,
    [0x6c ... 0x6f] = KNOWN | WIDTH, /* ins, outs */
    [0x80 ... 0x81] = KNOWN | MODRM | WIDTH | IMM,
    [0x83] = KNOWN | MODRM | IMM8,
    ALU(0x86), /* xchg */
    ALU(0x88), /* mov */
    [0xa2 ... 0xa3] = KNOWN | WIDTH | MOFFS,
    [0xaa ... 0xab] = KNOWN | WIDTH, /* stos */
    [0xc6 ... 0xc7] = KNOWN | MODRM | WIDTH | IMM,
    [0xcd] = KNOWN | IMM8, /* int */
    [0xe4 ... 0xe7] = KNOWN | WIDTH | IMM8, /* in, out */
    [0xec ... 0xef] = KNOWN | WIDTH,
    [0xf0] = PREFIX, [0xf2 ... 0xf3] = PREFIX,
    [0xf4] = KNOWN, /* hlt */
    ALU(0xf6), /* not, neg (test, mul, div are refused below) */
    [0xfa ... 0xfb] = KNOWN, /* cli, sti */
    ALU(0xfe), /* inc, dec */
};

static const uint8_t two_byte[256] = {
    [0x01] = KNOWN | MODRM, /* lmsw, invlpg, xsetbv, rdtscp */
    [0x06] = KNOWN, /* clts */
    [0x08 ... 0x09] = KNOWN, /* invd, wbinvd */
    [0x20 ... 0x23] = KNOWN | MODRM | REGS, /* mov cr, dr */
    [0x30 ... 0x33] = KNOWN, /* wrmsr, rdtsc, rdmsr, rdpmc */
    [0xa2] = KNOWN, /* cpuid */
    [0xab] = KNOWN | MODRM, /* bts, btr, btc */
    [0xb3] = KNOWN | MODRM,
    [0xba] = KNOWN | MODRM | IMM8,
    [0xbb] = KNOWN | MODRM,
    ALU(0xb0), /* cmpxchg */
    ALU(0xc0), /* xadd */
    [0xc3] = KNOWN | MODRM, /* movnti */
    [0xc7] = KNOWN | MODRM, /* cmpxchg8b */
};

union unaligned {
    int16_t int16;
    int32_t int32;
    int64_t int64;
} __attribute__((packed, may_alias));

struct cursor {
    const uint8_t *at, *end;
    bool data16, addr_other; /* prefixes 66 and 67 */
};

/* The next 1, 2, 4 or 8 bytes, sign-extended. */
static bool take(struct cursor *c, unsigned bytes, int64_t *out)
{
    const uint8_t *at = c->at;

    if (bytes > (size_t)(c->end - at))
        return false;
    c->at += bytes;
    switch (bytes) {
    case 1: *out = (int8_t)*at; break;
    case 2: *out = ((const union unaligned *)at)->int16; break;
    case 4: *out = ((const union unaligned *)at)->int32; break;
    default: *out = ((const union unaligned *)at)->int64;
    }
    return true;
}

static bool take_byte(struct cursor *c, uint8_t *out)
{
    if (c->at == c->end)
        return false;
    *out = *c->at++;
    return true;
}

/* Prefixes up to the opcode byte, which is returned; a REX counts only right before the opcode. */
static bool take_prefixes(struct cursor *c, struct insn *in, uint8_t *opcode)
{
    uint8_t rex = 0;

    while (take_byte(c, opcode)) {
        if (in->is_64 && (*opcode & 0xf0) == 0x40) {
            rex = *opcode;
            continue;
        }
        if (!(one_byte[*opcode] & PREFIX)) {
            in->rex = rex;
            return true;
        }
        rex = 0;
        switch (*opcode) {
        case 0x66: c->data16 = true; break;
        case 0x67: c->addr_other = true; break;
        case 0xf0: in->lock = true; break;
        case 0xf2:
        case 0xf3: in->rep = true; break;
        case 0x26: in->segment = SEG_ES; break;
        case 0x2e: in->segment = SEG_CS; break;
        case 0x36: in->segment = SEG_SS; break;
        case 0x3e: in->segment = SEG_DS; break;
        case 0x64: in->segment = SEG_FS; break;
        case 0x65: in->segment = SEG_GS; break;
        }
    }
    return false;
}

static bool take_sib(struct cursor *c, struct insn *in, unsigned mod)
{
    uint8_t sib, index, base;

    if (!take_byte(c, &sib))
        return false;
    index = (uint8_t)(((sib >> 3) & 7) | ((in->rex & 2) << 2));
    base = (uint8_t)((sib & 7) | ((in->rex & 1) << 3));
    in->scale = sib >> 6;
    in->index = index == 4 ? 0xff : index;
    if ((sib & 7) == 5 && mod == 0)
        return take(c, 4, &in->displacement);
    in->base = base;
    return true;
}

static bool take_modrm(struct cursor *c, struct insn *in, bool two_registers)
{
    uint8_t modrm;
    unsigned mod, rex = in->rex;
    int64_t disp = 0;

    if (!take_byte(c, &modrm))
        return false;
    mod = modrm >> 6;
    in->modrm = modrm;
    in->reg = (uint8_t)(((modrm >> 3) & 7) | ((rex & 4) << 1));
    in->rm = (uint8_t)((modrm & 7) | ((rex & 1) << 3));
    if (mod == 3 || two_registers)
        return true;
    in->has_memory = true;
    if (in->addr_bytes == 2)
        return false; /* 16-bit addressing: nobody writes page tables that way */
    if ((modrm & 7) == 4) {
        if (!take_sib(c, in, mod))
            return false;
    } else if (mod == 0 && (modrm & 7) == 5) {
        in->rip_relative = in->is_64;
        return take(c, 4, &in->displacement);
    } else {
        in->base = in->rm;
    }
    if (mod != 0 && !take(c, mod == 1 ? 1 : 4, &disp))
        return false;
    in->displacement += disp;
    return true;
}

static void set_sizes(struct insn *in, uint8_t attributes, const struct cursor *c)
{
    if ((attributes & WIDTH) && !(in->opcode & 1))
        in->op_bytes = 1;
    else
        in->op_bytes = in->rex & 8 ? 8 : c->data16 ? 2 : 4;
    in->addr_bytes = in->is_64 ? (c->addr_other ? 4 : 8) : (c->addr_other ? 2 : 4);
}

bool insn_decode(const uint8_t *bytes, size_t n, bool is_64, struct insn *out)
{
    struct cursor c = { .at = bytes, .end = bytes + MIN(n, (size_t)INSN_BYTES_MAX) };
    uint8_t opcode, attributes, sub;

    *out = (struct insn){ .is_64 = is_64, .base = 0xff, .index = 0xff };
    if (!take_prefixes(&c, out, &opcode))
        return false;
    out->opcode = opcode;
    attributes = one_byte[opcode];
    if (opcode == 0x0f) {
        if (!take_byte(&c, &opcode))
            return false;
        out->opcode = (uint16_t)(0x0f00 | opcode);
        attributes = two_byte[opcode];
    }
    if (!(attributes & KNOWN))
        return false;
    set_sizes(out, attributes, &c);
    if ((attributes & MODRM) && !take_modrm(&c, out, attributes & REGS))
        return false;
    sub = (out->modrm >> 3) & 7;
    if ((out->opcode == 0xf6 || out->opcode == 0xf7) && sub != 2 && sub != 3)
        return false;
    if ((attributes & IMM8) && !take(&c, 1, &out->immediate))
        return false;
    if ((attributes & IMM) && !take(&c, MIN(out->op_bytes, 4), &out->immediate))
        return false;
    if ((attributes & MOFFS) && !take(&c, out->addr_bytes, &out->immediate))
        return false;
    out->length = (uint8_t)(c.at - bytes);
    return true;
}

uint64_t *insn_register(struct guest_regs *regs, unsigned n)
{
#define AT(r) offsetof(struct guest_regs, r)
    static const uint8_t place[16] = { AT(rax), AT(rcx), AT(rdx), AT(rbx),
                                       AT(rsp), AT(rbp), AT(rsi), AT(rdi),
                                       AT(r8),  AT(r9),  AT(r10), AT(r11),
                                       AT(r12), AT(r13), AT(r14), AT(r15) };
#undef AT

    return (uint64_t *)((char *)regs + place[n & 15]);
}

static bool is_high_byte(const struct insn *in, unsigned n)
{
    return in->op_bytes == 1 && in->rex == 0 && n >= 4 && n < 8;
}

uint64_t insn_register_get(const struct insn *in, struct guest_regs *regs, unsigned n)
{
    if (is_high_byte(in, n))
        return (*insn_register(regs, n - 4) >> 8) & 0xff;
    return *insn_register(regs, n) & ~UINT64_C(0) >> (64 - 8 * in->op_bytes);
}

void insn_register_set(const struct insn *in, struct guest_regs *regs, unsigned n, uint64_t value)
{
    bool high = is_high_byte(in, n);
    uint64_t *r = insn_register(regs, high ? n - 4 : n);
    uint64_t mask = (~UINT64_C(0) >> (64 - 8 * in->op_bytes)) << (high ? 8 : 0);

    if (in->op_bytes == 4)
        *r = (uint32_t)value; /* a 32-bit result clears the upper half */
    else
        *r = (*r & ~mask) | (value << (high ? 8 : 0) & mask);
}

uint64_t insn_address(const struct insn *in, struct guest_regs *regs)
{
    uint64_t a = (uint64_t)in->displacement;

    if (in->rip_relative)
        a += regs->rip + in->length;
    if (in->base != 0xff)
        a += *insn_register(regs, in->base);
    if (in->index != 0xff)
        a += *insn_register(regs, in->index) << in->scale;
    return in->addr_bytes == 8 ? a : (uint32_t)a;
}
