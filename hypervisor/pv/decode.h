/* SPDX-License-Identifier: MIT */
/*
 * Instruction decoder: a pure parser of the instructions that the hypervisor emulates. It knows no
 * guest memory and no vCPU, so it is tested and fuzzed on the host as it is.
 */
#ifndef LAMINA_PV_DECODE_H
#define LAMINA_PV_DECODE_H

#include "x86/guest.h"

#define INSN_BYTES_MAX 15 /* architectural */

enum insn_segment { SEG_NONE, SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS };

struct insn {
    uint16_t opcode;   /* one-byte opcodes as they are, two-byte ones as 0x0fxx */
    uint8_t length;    /* bytes, prefixes included */
    uint8_t rex;       /* 0: none */
    uint8_t segment;   /* enum insn_segment: override */
    bool lock, rep, is_64;
    uint8_t op_bytes;  /* 1, 2, 4 or 8 */
    uint8_t addr_bytes; /* 2, 4 or 8 */
    uint8_t modrm;     /* where the opcode has one */
    uint8_t reg, rm;   /* register numbers 0..15 from modrm and REX */
    bool has_memory;   /* modrm names memory: address by insn_address() */
    /* --- memory operand --- */
    uint8_t base, index, scale; /* register numbers; 0xff: none */
    bool rip_relative;
    int64_t displacement;
    int64_t immediate; /* sign-extended; the offset of a moffs form */
};

/* Decode at most `n` bytes; false: not one of the known instructions, or more bytes are needed. */
bool insn_decode(const uint8_t *bytes, size_t n, bool is_64, struct insn *out) must_check;

/* Offset of the memory operand, without a segment base; regs->rip is the instruction's address. */
uint64_t insn_address(const struct insn *in, struct guest_regs *regs);

/* General register `n` (0..15, in instruction encoding). */
uint64_t *insn_register(struct guest_regs *regs, unsigned n);
/* Operand-sized read and write of a register; 8-bit without REX means ah..bh for 4..7. */
uint64_t insn_register_get(const struct insn *in, struct guest_regs *regs, unsigned n);
void insn_register_set(const struct insn *in, struct guest_regs *regs, unsigned n, uint64_t value);

#endif
