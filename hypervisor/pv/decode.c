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

#define ALU(o) [o ... (o) + 1] = KNOWN | MODRM | WIDTH

static const uint8_t one_byte[256] = {
    ALU(0x00), ALU(0x08), ALU(0x10), ALU(0x18), ALU(0x20), ALU(0x28), ALU(0x30),
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

struct cursor {
    const uint8_t *bytes;
    size_t n, at;
    bool data16, addr_other; /* prefixes 66 and 67 */
};

static bool take(struct cursor *c, unsigned bytes, int64_t *out)
{
    uint64_t v = 0;

    if (bytes > c->n - c->at)
        return false;
    for (unsigned i = 0; i < bytes; i++)
        v |= (uint64_t)c->bytes[c->at + i] << (8 * i);
    c->at += bytes;
    if (bytes < 8 && bytes > 0 && (v >> (8 * bytes - 1)) & 1)
        v |= ~UINT64_C(0) << (8 * bytes);
    *out = (int64_t)v;
    return true;
}

static bool take_byte(struct cursor *c, uint8_t *out)
{
    if (c->at >= c->n)
        return false;
    *out = c->bytes[c->at++];
    return true;
}

/* Prefixes up to the opcode byte, which is returned; a REX counts only right before the opcode. */
static bool take_prefixes(struct cursor *c, struct insn *in, uint8_t *opcode)
{
    while (take_byte(c, opcode)) {
        uint8_t rex = in->rex;

        in->rex = 0;
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
        default:
            if (!in->is_64 || (*opcode & 0xf0) != 0x40) {
                in->rex = rex;
                return true;
            }
            in->rex = *opcode;
        }
    }
    return false;
}

static bool take_sib(struct cursor *c, struct insn *in, uint8_t mod)
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
    uint8_t mod;
    int64_t disp = 0;

    if (!take_byte(c, &in->modrm))
        return false;
    mod = in->modrm >> 6;
    in->reg = (uint8_t)(((in->modrm >> 3) & 7) | ((in->rex & 4) << 1));
    in->rm = (uint8_t)((in->modrm & 7) | ((in->rex & 1) << 3));
    if (mod == 3 || two_registers)
        return true;
    in->has_memory = true;
    if (in->addr_bytes == 2)
        return false; /* 16-bit addressing: nobody writes page tables that way */
    if ((in->modrm & 7) == 4) {
        if (!take_sib(c, in, mod))
            return false;
    } else if (mod == 0 && (in->modrm & 7) == 5) {
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
    struct cursor c = { .bytes = bytes, .n = MIN(n, (size_t)INSN_BYTES_MAX) };
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
    out->length = (uint8_t)c.at;
    return true;
}

uint64_t *insn_register(struct guest_regs *regs, unsigned n)
{
    uint64_t *const map[16] = { &regs->rax, &regs->rcx, &regs->rdx, &regs->rbx,
                                &regs->rsp, &regs->rbp, &regs->rsi, &regs->rdi,
                                &regs->r8,  &regs->r9,  &regs->r10, &regs->r11,
                                &regs->r12, &regs->r13, &regs->r14, &regs->r15 };

    return map[n & 15];
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
