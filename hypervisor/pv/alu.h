/* SPDX-License-Identifier: MIT */
/* Arithmetic of emulated instructions with the flags a processor would give: pure functions. */
#ifndef LAMINA_PV_ALU_H
#define LAMINA_PV_ALU_H

#include "lib/types.h"

/* The first seven are numbered as in opcodes and in ModRM of group 1. */
enum alu_op { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR,
              ALU_CMP, ALU_NOT, ALU_NEG, ALU_INC, ALU_DEC, ALU_BTS, ALU_BTR, ALU_BTC, ALU_MOV };

#define ALU_CF 0x001
#define ALU_PF 0x004
#define ALU_AF 0x010
#define ALU_ZF 0x040
#define ALU_SF 0x080
#define ALU_OF 0x800

/* Result of `op` on the low `bytes` (1, 2, 4, 8) of both; for BTx `src` is the bit number. */
uint64_t alu_apply(enum alu_op op, uint64_t dst, uint64_t src, unsigned bytes, uint64_t *rflags);

#endif
